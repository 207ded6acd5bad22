package graft.registry.tenant;

import graft.registry.Columns;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A key without its secret.
 *
 * @param prefix    the public part, by which people recognise it
 * @param expiresAt none: never
 * @param revokedAt none: not revoked
 */
public record ApiKey(String id, String tenantId, String name, String prefix, Set<Scope> scopes, Instant createdAt,
        Optional<Instant> expiresAt, Optional<Instant> revokedAt, Optional<Instant> lastUsedAt) {
    public ApiKey {
        Objects.requireNonNull(id);
        Objects.requireNonNull(tenantId);
        scopes = Set.copyOf(scopes);
    }

    static ApiKey from(ResultSet row) throws SQLException {
        return new ApiKey(row.getString("id"), row.getString("tenant_id"), row.getString("name"),
                row.getString("prefix"), scopes(row), Columns.instant(row, "created_at"),
                Columns.optionalInstant(row, "expires_at"), Columns.optionalInstant(row, "revoked_at"),
                Columns.optionalInstant(row, "last_used_at"));
    }

    static Set<Scope> scopes(ResultSet row) throws SQLException {
        Set<Scope> scopes = new TreeSet<>();
        for (String word : (String[]) row.getArray("scopes").getArray()) {
            scopes.add(Scope.of(word).orElseThrow(() -> new IllegalStateException("scope " + word)));
        }
        return scopes;
    }
}
