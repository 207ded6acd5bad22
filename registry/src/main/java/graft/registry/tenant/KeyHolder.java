package graft.registry.tenant;

import graft.registry.Columns;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/**
 * What a look-up by prefix or session finds: whose key it is, and the hash that the offered secret has to meet.
 *
 * @param valid neither revoked nor expired, and its tenant not deleted, by the database's clock
 */
public record KeyHolder(String keyId, String tenantId, String tenantName, String prefix, byte[] secretHmac,
        Set<Scope> scopes, ApiKey.Lists lists, Optional<Instant> expiresAt, Optional<Instant> lastUsedAt,
        boolean valid) {
    public KeyHolder {
        secretHmac = secretHmac.clone();
        scopes = Set.copyOf(scopes);
    }

    @Override
    public byte[] secretHmac() {
        return secretHmac.clone();
    }

    /** As {@link #valid}, some time after the look-up. */
    public boolean validAt(Instant now) {
        return valid && expiresAt.map(now::isBefore).orElse(true);
    }

    static KeyHolder from(ResultSet row) throws SQLException {
        return new KeyHolder(row.getString("id"), row.getString("tenant_id"), row.getString("tenant_name"),
                row.getString("prefix"), row.getBytes("secret_hmac"), ApiKey.scopes(row),
                ApiKey.Lists.from(row),
                Columns.optionalInstant(row, "expires_at"), Columns.optionalInstant(row, "last_used_at"),
                row.getBoolean("valid"));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeyHolder that && keyId.equals(that.keyId) && tenantId.equals(that.tenantId)
                && Arrays.equals(secretHmac, that.secretHmac) && scopes.equals(that.scopes)
                && lists.equals(that.lists) && expiresAt.equals(that.expiresAt) && valid == that.valid;
    }

    @Override
    public int hashCode() {
        return keyId.hashCode();
    }
}
