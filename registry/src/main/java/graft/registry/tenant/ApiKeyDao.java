package graft.registry.tenant;

import graft.registry.Database;
import graft.registry.Ids;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * API keys: made and revoked by the operator, found by their prefix by anybody, touched by their tenant. Any thread may
 * call; every method waits for the database.
 */
public final class ApiKeyDao {
    private final Database database;
    private final Pepper pepper;

    public ApiKeyDao(Database database, Pepper pepper) {
        this.database = database;
        this.pepper = pepper;
    }

    /** A new key with the only copy of its secret. */
    public record Made(ApiKey key, KeySecret secret) {}

    /**
     * @param actor     the key that asked, for the audit log
     * @param expiresAt none: never
     */
    public Made create(String actor, String tenantId, String name, Set<Scope> scopes, Optional<Instant> expiresAt) {
        KeySecret secret = KeySecret.random();
        return new Made(insert(actor, tenantId, name, scopes, expiresAt, secret), secret);
    }

    /** Makes a key with a secret that exists already: one that was found in a file and not in this database. */
    public ApiKey adopt(String actor, String tenantId, String name, Set<Scope> scopes, KeySecret secret) {
        return insert(actor, tenantId, name, scopes, Optional.empty(), secret);
    }

    private ApiKey insert(String actor, String tenantId, String name, Set<Scope> scopes, Optional<Instant> expiresAt,
            KeySecret secret) {
        String words = String.join(",", new TreeSet<>(scopes).stream().map(Scope::word).toList());
        return database.asOperator(handle -> {
            ApiKey key = handle.createQuery("""
                    INSERT INTO api_key (id, tenant_id, name, prefix, secret_hmac, scopes, expires_at)
                    VALUES (:id, :tenant, :name, :prefix, :hmac, string_to_array(:scopes, ','), :expires)
                    RETURNING *
                    """)
                    .bind("id", Ids.next("key_")).bind("tenant", tenantId).bind("name", name)
                    .bind("prefix", secret.prefix()).bind("hmac", pepper.hmac(secret.text())).bind("scopes", words)
                    .bind("expires", expiresAt.map(at -> at.atOffset(ZoneOffset.UTC)).orElse(null))
                    .map((row, context) -> ApiKey.from(row)).one();
            AuditDao.record(handle, actor, tenantId, "key.create", key.id(),
                    Map.of("prefix", key.prefix(), "scopes", words, "name", name));
            return key;
        });
    }

    /** Whose prefix this is, valid or not; the caller compares the secret's hash in constant time. */
    public Optional<KeyHolder> find(String prefix) {
        return database.asNobody(handle -> handle.createQuery("SELECT * FROM find_api_key(:prefix)")
                .bind("prefix", prefix).map((row, context) -> KeyHolder.from(row)).findOne());
    }

    /** Notes that a key was used; callers do so now and then, not for every request. */
    public void touch(String tenantId, String keyId) {
        database.asTenant(tenantId, handle -> handle.createUpdate(
                "UPDATE api_key SET last_used_at = now() WHERE id = :id AND tenant_id = :tenant")
                .bind("id", keyId).bind("tenant", tenantId).execute());
    }

    /** Keys that were not revoked, oldest first. */
    public List<ApiKey> list(String tenantId, Optional<String> after, int most) {
        return database.asOperator(handle -> handle.createQuery("""
                SELECT * FROM api_key
                WHERE tenant_id = :tenant AND revoked_at IS NULL
                  AND (:after::text IS NULL
                       OR (created_at, id) > (SELECT created_at, id FROM api_key WHERE id = :after))
                ORDER BY created_at, id
                LIMIT :most
                """)
                .bind("tenant", tenantId).bind("after", after.orElse(null)).bind("most", most)
                .map((row, context) -> ApiKey.from(row)).list());
    }

    /** @return the revoked key; empty if this tenant has no such key that is still live */
    public Optional<ApiKey> revoke(String actor, String tenantId, String keyId) {
        return database.asOperator(handle -> {
            Optional<ApiKey> revoked = handle.createQuery("""
                    UPDATE api_key SET revoked_at = now()
                    WHERE id = :id AND tenant_id = :tenant AND revoked_at IS NULL
                    RETURNING *
                    """)
                    .bind("id", keyId).bind("tenant", tenantId).map((row, context) -> ApiKey.from(row)).findOne();
            if (revoked.isEmpty()) return revoked;
            handle.createUpdate("DELETE FROM session WHERE key_id = :id").bind("id", keyId).execute();
            AuditDao.record(handle, actor, tenantId, "key.revoke", keyId, Map.of("prefix", revoked.get().prefix()));
            return revoked;
        });
    }
}
