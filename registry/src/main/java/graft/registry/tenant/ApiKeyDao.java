package graft.registry.tenant;

import graft.registry.Database;
import graft.registry.Ids;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jdbi.v3.core.Handle;

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
     * What a new key is to be.
     *
     * @param expiresAt none: never
     */
    public record NewKey(String name, Set<Scope> scopes, ApiKey.Lists lists, Optional<Instant> expiresAt) {}

    /** A key that nothing narrows but its scopes. */
    public Made create(String actor, String tenantId, String name, Set<Scope> scopes, Optional<Instant> expiresAt) {
        return create(actor, tenantId, new NewKey(name, scopes, ApiKey.Lists.NONE, expiresAt));
    }

    /** @param actor the key that asked, for the audit log */
    public Made create(String actor, String tenantId, NewKey wanted) {
        KeySecret secret = KeySecret.random();
        return new Made(database.asOperator(handle -> insert(handle, actor, tenantId, wanted, secret)), secret);
    }

    /**
     * Makes a successor that may do the same, and lets the key go on for a while, so that its users can change over.
     *
     * @param overlap until the old key expires, unless it does so before
     * @return empty if this tenant has no such key that is still live
     */
    public Optional<Made> rotate(String actor, String tenantId, String keyId, Duration overlap) {
        KeySecret secret = KeySecret.random();
        return database.asOperator(handle -> {
            Optional<ApiKey> old = handle.createQuery("""
                    SELECT * FROM api_key WHERE id = :id AND tenant_id = :tenant AND revoked_at IS NULL
                        AND (expires_at IS NULL OR expires_at > now()) FOR UPDATE
                    """).bind("id", keyId).bind("tenant", tenantId).map((row, context) -> ApiKey.from(row)).findOne();
            if (old.isEmpty()) return Optional.empty();
            ApiKey key = old.get();
            handle.createUpdate("""
                    UPDATE api_key SET expires_at = least(expires_at, now() + :millis * interval '1 millisecond')
                    WHERE id = :id
                    """).bind("millis", overlap.toMillis()).bind("id", keyId).execute();
            ApiKey made = insert(handle, actor, tenantId, new NewKey(key.name(), key.scopes(), key.lists(),
                    key.expiresAt()), secret);
            AuditDao.record(handle, actor, tenantId, "key.rotate", keyId,
                    Map.of("successor", made.id(), "overlap_seconds", overlap.toSeconds()));
            return Optional.of(new Made(made, secret));
        });
    }

    /** Makes a key with a secret that exists already: one that was found in a file and not in this database. */
    public ApiKey adopt(String actor, String tenantId, String name, Set<Scope> scopes, KeySecret secret) {
        NewKey wanted = new NewKey(name, scopes, ApiKey.Lists.NONE, Optional.empty());
        return database.asOperator(handle -> insert(handle, actor, tenantId, wanted, secret));
    }

    private ApiKey insert(Handle handle, String actor, String tenantId, NewKey wanted, KeySecret secret) {
        String words = String.join(",", new TreeSet<>(wanted.scopes()).stream().map(Scope::word).toList());
        ApiKey key = handle.createQuery("""
                INSERT INTO api_key (id, tenant_id, name, prefix, secret_hmac, scopes, models, stores, expires_at)
                VALUES (:id, :tenant, :name, :prefix, :hmac, string_to_array(:scopes, ','),
                    string_to_array(:models, E'\n'), string_to_array(:stores, E'\n'), :expires)
                RETURNING *
                """)
                .bind("id", Ids.next("key_")).bind("tenant", tenantId).bind("name", wanted.name())
                .bind("prefix", secret.prefix()).bind("hmac", pepper.hmac(secret.text())).bind("scopes", words)
                .bind("models", joined(wanted.lists().models())).bind("stores", joined(wanted.lists().stores()))
                .bind("expires", wanted.expiresAt().map(at -> at.atOffset(ZoneOffset.UTC)).orElse(null))
                .map((row, context) -> ApiKey.from(row)).one();
        AuditDao.record(handle, actor, tenantId, "key.create", key.id(), Map.of("prefix", key.prefix(), "scopes", words,
                "name", wanted.name(), "models", wanted.lists().models().map(List::copyOf).orElse(List.of()),
                "stores", wanted.lists().stores().map(List::copyOf).orElse(List.of())));
        return key;
    }

    /** No name and no id holds a line feed; the empty text is the empty array. */
    private static String joined(Optional<Set<String>> list) {
        return list.map(names -> String.join("\n", new TreeSet<>(names))).orElse(null);
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
