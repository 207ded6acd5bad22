package graft.registry.tenant;

import graft.registry.Database;
import graft.registry.Ids;
import java.time.Duration;
import java.util.Optional;

/**
 * Browser sessions. The cookie's value is a random token of which only a keyed hash is stored; a session ends with its
 * own time, its key or its tenant. Any thread may call; every method waits for the database.
 */
public final class SessionDao {
    private final Database database;
    private final Pepper pepper;

    public SessionDao(Database database, Pepper pepper) {
        this.database = database;
        this.pepper = pepper;
    }

    /** @return the token for the cookie: 240 random bits */
    public String create(String tenantId, String keyId, Duration life) {
        String token = "gs_" + Ids.next("") + Ids.next("");
        database.asTenant(tenantId, handle -> {
            handle.createUpdate("DELETE FROM session WHERE tenant_id = :tenant AND expires_at < now()")
                    .bind("tenant", tenantId).execute();
            return handle.createUpdate("""
                    INSERT INTO session (token_hash, tenant_id, key_id, expires_at)
                    VALUES (:hash, :tenant, :key, now() + :seconds * interval '1 second')
                    """)
                    .bind("hash", pepper.hmac(token)).bind("tenant", tenantId).bind("key", keyId)
                    .bind("seconds", life.toSeconds()).execute();
        });
        return token;
    }

    /** Whose session this is; empty for an unknown or ended one. */
    public Optional<KeyHolder> find(String token) {
        return database.asNobody(handle -> handle.createQuery("SELECT * FROM find_session(:hash)")
                .bind("hash", pepper.hmac(token)).map((row, context) -> KeyHolder.from(row)).findOne());
    }

    public void delete(String tenantId, String token) {
        database.asTenant(tenantId, handle -> handle.createUpdate(
                "DELETE FROM session WHERE token_hash = :hash AND tenant_id = :tenant")
                .bind("hash", pepper.hmac(token)).bind("tenant", tenantId).execute());
    }
}
