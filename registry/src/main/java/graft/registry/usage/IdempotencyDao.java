package graft.registry.usage;

import graft.registry.Database;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;

/**
 * Replies by Idempotency-Key. A key is taken before its request runs and holds its reply afterwards; one whose server
 * died, or whose request took longer than any may, is free again. Any thread may call; waits for the database.
 */
public final class IdempotencyDao {
    /** In replies as JSON and in streams of it; inside a model's text the quotation marks are escaped. */
    private static final Pattern FILE = Pattern.compile("\"file_id\":\"(file-[a-z2-7]+)\"");
    private static final Found.Done GONE = new Found.Done(410, "application/json", """
            {"error":{"message":"A document that this reply showed was deleted.","type":"invalid_request_error",\
            "param":null,"code":"gone"}}""".getBytes(StandardCharsets.UTF_8));
    private final Database database;
    private final Duration keep;
    private final Duration longestRun;

    /**
     * @param keep       how long a reply is replayed
     * @param longestRun after which a request that never ended counts as gone
     */
    public IdempotencyDao(Database database, Duration keep, Duration longestRun) {
        this.database = database;
        this.keep = keep;
        this.longestRun = longestRun;
    }

    /** What stands under a key. */
    public sealed interface Found {
        /**
         * The key is this request's now.
         *
         * @param billed whether the same request ran before to its billed end, on a server that died with the reply
         */
        record Begun(boolean billed) implements Found {}

        /** Another request has it and has not ended. */
        record Running() implements Found {}

        /** The key stood for another body. */
        record Differs() implements Found {}

        record Done(int status, String contentType, byte[] body) implements Found {}
    }

    /** @param owner this request's id; @param requestHash 32 bytes over what was asked */
    public Found begin(String tenantId, String key, byte[] requestHash, String owner, String processId) {
        return database.asTenant(tenantId, handle -> take(handle, tenantId, key, requestHash, owner, processId)
                .<Found>map(Found.Begun::new).orElseGet(() -> read(handle, tenantId, key, requestHash)));
    }

    /** @return whether it was billed before; empty if another has the key */
    private Optional<Boolean> take(Handle handle, String tenantId, String key, byte[] requestHash, String owner,
            String processId) {
        return handle.createQuery("""
                INSERT INTO idempotent_reply AS r (tenant_id, key, request_hash, owner, process_id)
                VALUES (:tenant, :key, :hash, :owner, :process)
                ON CONFLICT (tenant_id, key) DO UPDATE SET request_hash = excluded.request_hash,
                    owner = excluded.owner, process_id = excluded.process_id, state = 'running', created_at = now(),
                    status = NULL, content_type = NULL, body = NULL, file_ids = '{}',
                    billed = r.state = 'running' AND r.request_hash = excluded.request_hash
                        AND r.created_at >= now() - :keep * interval '1 second'
                        AND (r.billed OR EXISTS (SELECT FROM usage_request u WHERE u.request_id = r.owner
                            AND u.day BETWEEN (r.created_at AT TIME ZONE 'UTC')::date - 1
                                AND (r.created_at AT TIME ZONE 'UTC')::date + 1
                            AND u.state = 'settled' AND u.ended IN ('stop_token', 'length')))
                WHERE r.created_at < now() - :keep * interval '1 second'
                   OR (r.state = 'running' AND (r.created_at < now() - :longest * interval '1 second'
                       OR NOT EXISTS (SELECT FROM server_process p
                           WHERE p.id = r.process_id AND p.lease_until > now())))
                RETURNING billed
                """)
                .bind("tenant", tenantId).bind("key", key).bind("hash", requestHash).bind("owner", owner)
                .bind("process", processId).bind("keep", keep.toSeconds()).bind("longest", longestRun.toSeconds())
                .mapTo(Boolean.class).findOne();
    }

    private static Found read(Handle handle, String tenantId, String key, byte[] requestHash) {
        Optional<Found> found = handle.createQuery(
                "SELECT * FROM idempotent_reply WHERE tenant_id = :tenant AND key = :key")
                .bind("tenant", tenantId).bind("key", key)
                .<Found>map((row, context) -> {
                    if (!Arrays.equals(row.getBytes("request_hash"), requestHash)) return new Found.Differs();
                    return row.getString("state").equals("running") ? new Found.Running() : new Found.Done(
                            row.getInt("status"), row.getString("content_type"), row.getBytes("body"));
                }).findOne();
        return found.orElseGet(Found.Running::new); // it ended without a reply just now: asking again will take the key
    }

    /** Keeps the reply of a request that has its key still; of one that shows a file deleted meanwhile, that it did. */
    public void finish(String tenantId, String key, String owner, Found.Done reply) {
        database.asTenant(tenantId, handle -> {
            String[] files = FILE.matcher(new String(reply.body(), StandardCharsets.ISO_8859_1)).results()
                    .map(found -> found.group(1)).distinct().toArray(String[]::new);
            // held until this is committed: a deletion comes before it, or finds the reply
            int there = handle.createQuery(
                    "SELECT id FROM file WHERE id = ANY(:files::text[]) ORDER BY id FOR KEY SHARE")
                    .bind("files", files).mapTo(String.class).list().size();
            Found.Done kept = there < files.length ? GONE : reply;
            return handle.createUpdate("""
                    UPDATE idempotent_reply SET state = 'done', status = :status, content_type = :type, body = :body,
                        file_ids = :files::text[]
                    WHERE tenant_id = :tenant AND key = :key AND owner = :owner AND state = 'running'
                    """)
                    .bind("tenant", tenantId).bind("key", key).bind("owner", owner).bind("status", kept.status())
                    .bind("type", kept.contentType()).bind("body", kept.body()).bind("files", files).execute();
        });
    }

    /** Forgets what replies show of these files, in the transaction that deletes them. Keys and hashes stay. */
    public static void forgetFiles(Handle tenant, Collection<String> files) {
        tenant.createUpdate("""
                UPDATE idempotent_reply SET status = :status, content_type = :type, body = :body
                WHERE state = 'done' AND file_ids && :files::text[]""").bind("status", GONE.status())
                .bind("type", GONE.contentType()).bind("body", GONE.body())
                .bind("files", files.toArray(String[]::new)).execute();
    }

    /** Frees the key of a request that ended without a reply worth keeping. */
    public void forget(String tenantId, String key, String owner) {
        database.asTenant(tenantId, handle -> handle.createUpdate("""
                DELETE FROM idempotent_reply
                WHERE tenant_id = :tenant AND key = :key AND owner = :owner AND state = 'running'
                """)
                .bind("tenant", tenantId).bind("key", key).bind("owner", owner).execute());
    }

    /** Removes what is too old to be replayed, of all tenants; a worker's to call. */
    public int purge() {
        return database.asOperator(handle -> handle.createUpdate(
                "DELETE FROM idempotent_reply WHERE created_at < now() - :keep * interval '1 second'")
                .bind("keep", keep.toSeconds()).execute());
    }
}
