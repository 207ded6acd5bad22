package graft.registry.knowledge;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.Ids;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * The queue of documents to index and the building of their revisions. A job is claimed for a lease, renewed by every
 * write; a worker that was killed loses it when the lease runs out, and the next one goes on after the last chunk that
 * was written. Nothing of a revision is found before {@link #publish}, which also takes the former one away.
 *
 * <p>Any thread may call; every method is one transaction and throws {@link LeaseLostException} when the job is no
 * longer the worker's: the document was deleted, cancelled, attached anew, or another worker has taken over.
 */
public final class IngestionDao {
    private final Database database;

    public IngestionDao(Database database) {
        this.database = database;
    }

    /** The job is no longer this worker's: it must stop and forget it. */
    public static final class LeaseLostException extends RuntimeException {
        private static final long serialVersionUID = 1;

        LeaseLostException(Job job) {
            super("document " + job.document() + " is no longer this worker's", null, false, false);
        }
    }

    /**
     * A claimed document.
     *
     * @param attempt  1 for the first worker that tried
     * @param revision number of the revision that an earlier worker began
     * @param url      from which the file's content is yet to be read
     */
    public record Job(String worker, String tenantId, long document, long store, String storeId, String embedder,
            String fileId, String filename, Document.Chunking chunking, int attempt, Optional<Long> revision,
            Optional<String> url) {

        /** The same, its content read and so its name known. */
        public Job read(String finalName) {
            return new Job(worker, tenantId, document, store, storeId, embedder, fileId, finalName, chunking, attempt,
                    revision, Optional.empty());
        }
    }

    /** A revision as far as it was built. @param lastEnd where its last chunk ends, in code points; 0 without any */
    public record Begun(long number, String text, int chunks, int lastEnd) {}

    /**
     * A chunk with its vectors.
     *
     * @param start   code point in the stored text; @param end exclusive
     * @param heading indexed with the body but never shown
     * @param body    the slice itself
     * @param page    on which it begins, from 1; empty where there are none
     * @param vectors one for each window of the embedder
     */
    public record NewChunk(int ordinal, int start, int end, String heading, String body, int tokens, OptionalInt page,
            List<float[]> vectors) {

        /** Of a text without pages. */
        public NewChunk(int ordinal, int start, int end, String heading, String body, int tokens,
                List<float[]> vectors) {
            this(ordinal, start, end, heading, body, tokens, OptionalInt.empty(), vectors);
        }
    }

    /** Free jobs of a tenant that a claim looks at: as many claims of the same moment find one each. */
    private static final int CLAIMS_AT_ONCE = 8;

    /**
     * A job that nobody works on, of the tenant whose last turn was longest ago: of many tenants each gets a document
     * done by turns, however many the others have queued. A tenant's own go in the order in which they came.
     */
    public Optional<Job> claim(String worker, Duration lease) {
        return database.asOperator(handle -> handle.createQuery("""
                WITH RECURSIVE waiting AS (
                    (SELECT tenant_id FROM ingestion_job ORDER BY tenant_id LIMIT 1)
                    UNION ALL
                    SELECT (SELECT tenant_id FROM ingestion_job WHERE tenant_id > waiting.tenant_id
                            ORDER BY tenant_id LIMIT 1) FROM waiting WHERE waiting.tenant_id IS NOT NULL),
                free AS MATERIALIZED (
                    SELECT mine.document, mine.number, mine.place, turn.served_at
                    FROM waiting CROSS JOIN LATERAL (
                        SELECT document, number, row_number() OVER (ORDER BY number) AS place FROM ingestion_job
                        WHERE tenant_id = waiting.tenant_id AND lease_until < clock_timestamp()
                        ORDER BY number LIMIT :claims) mine
                        LEFT JOIN ingestion_turn turn ON turn.tenant_id = waiting.tenant_id),
                chosen AS (
                    SELECT job.document, job.tenant_id FROM free JOIN ingestion_job job ON job.document = free.document
                    WHERE job.lease_until < clock_timestamp()
                    ORDER BY free.place, free.served_at NULLS FIRST, free.number LIMIT 1 FOR UPDATE OF job SKIP LOCKED),
                turned AS (
                    INSERT INTO ingestion_turn (tenant_id, served_at) SELECT tenant_id, clock_timestamp() FROM chosen
                    ON CONFLICT (tenant_id) DO UPDATE SET served_at = excluded.served_at),
                claimed AS (
                    UPDATE ingestion_job SET worker = :worker, attempts = attempts + 1,
                        lease_until = clock_timestamp() + make_interval(secs => :lease)
                    WHERE document = (SELECT document FROM chosen)
                    RETURNING document, worker, tenant_id, attempts, revision)
                SELECT claimed.*, d.store, s.id AS store_id, s.embedder, f.id AS file_id, f.filename, d.chunk_tokens,
                    d.overlap_tokens, CASE WHEN f.fetched_at IS NULL THEN f.source_url END AS url
                FROM claimed JOIN document d ON d.number = claimed.document JOIN vector_store s ON s.number = d.store
                    JOIN file f ON f.id = d.file_id""")
                .bind("worker", worker).bind("lease", lease.toMillis() / 1000.0).bind("claims", CLAIMS_AT_ONCE)
                .map(IngestionDao::row).findOne());
    }

    /** Whether a document of another tenant waits for a worker. */
    public boolean othersWait(Job job) {
        return database.asOperator(handle -> handle.createQuery("""
                SELECT EXISTS (SELECT FROM ingestion_job
                    WHERE tenant_id <> :tenant AND lease_until < clock_timestamp())""")
                .bind("tenant", job.tenantId()).mapTo(Boolean.class).one());
    }

    private static Job row(ResultSet rows, StatementContext context) throws SQLException {
        long revision = rows.getLong("revision");
        Optional<Long> begun = rows.wasNull() ? Optional.empty() : Optional.of(revision);
        return new Job(rows.getString("worker"), rows.getString("tenant_id"), rows.getLong("document"),
                rows.getLong("store"), rows.getString("store_id"), rows.getString("embedder"),
                rows.getString("file_id"), rows.getString("filename"),
                new Document.Chunking(rows.getInt("chunk_tokens"), rows.getInt("overlap_tokens")),
                rows.getInt("attempts"), begun, Columns.optionalText(rows, "url"));
    }

    /** What an earlier worker left of a revision. */
    public Optional<Begun> resume(Job job) {
        return database.asTenant(job.tenantId(), handle -> handle.createQuery("""
                SELECT r.number, r.body, (SELECT count(*) FROM chunk WHERE revision = r.number) AS chunks,
                    (SELECT coalesce(max(end_at), 0) FROM chunk WHERE revision = r.number) AS last_end
                FROM document_revision r WHERE r.number = :revision""").bind("revision", job.revision().orElse(-1L))
                .map((rows, context) -> new Begun(rows.getLong("number"), rows.getString("body"),
                        rows.getInt("chunks"), rows.getInt("last_end"))).findOne());
    }

    /** Stores the text of a new revision and drops one that was begun before. */
    public long begin(Job job, Duration lease, String text) {
        return database.asTenant(job.tenantId(), handle -> {
            hold(handle, job, lease, "KEY SHARE");
            handle.execute("""
                    DELETE FROM document_revision r USING document d
                    WHERE d.number = ? AND r.document = d.number AND r.number IS DISTINCT FROM d.visible_revision""",
                    job.document());
            long revision = handle.createQuery("""
                    INSERT INTO document_revision (id, tenant_id, document, body, code_points, text_sha256)
                    VALUES (:id, :tenant, :document, :body, :points, sha256(convert_to(:body, 'UTF8')))
                    RETURNING number""")
                    .bind("id", Ids.next("rev_")).bind("tenant", job.tenantId()).bind("document", job.document())
                    .bind("body", text).bind("points", text.codePointCount(0, text.length()))
                    .mapTo(Long.class).one();
            handle.execute("UPDATE ingestion_job SET revision = ? WHERE document = ?", revision, job.document());
            return revision;
        });
    }

    /** Adds chunks to a revision that is being built. */
    public void append(Job job, Duration lease, long revision, List<NewChunk> chunks) {
        database.asTenant(job.tenantId(), handle -> {
            hold(handle, job, lease, "KEY SHARE");
            PreparedBatch vectors = handle.prepareBatch("""
                    INSERT INTO embedding (chunk, part, store, document, revision, tenant_id, vector)
                    VALUES (:chunk, :part, :store, :document, :revision, :tenant, :vector::halfvec)""");
            for (NewChunk chunk : chunks) {
                long number = insertChunk(handle, job, revision, chunk);
                for (int part = 0; part < chunk.vectors().size(); part++) {
                    vectors.bind("chunk", number).bind("part", part).bind("store", job.store())
                            .bind("document", job.document()).bind("revision", revision)
                            .bind("tenant", job.tenantId())
                            .bind("vector", SearchDao.literal(chunk.vectors().get(part))).add();
                }
            }
            return vectors.size() == 0 ? new int[0] : vectors.execute();
        });
    }

    private static long insertChunk(Handle handle, Job job, long revision, NewChunk chunk) {
        return handle.createQuery("""
                INSERT INTO chunk (tenant_id, revision, ordinal, start_at, end_at, heading, body, tokens, page, lexemes,
                    length)
                SELECT :tenant, :revision, :ordinal, :start, :end, :heading, :body, :tokens, :page::integer, words,
                    (SELECT coalesce(sum(cardinality(positions)), 0) FROM unnest(words))
                FROM knowledge_lexemes(:heading || ' ' || :body) AS words RETURNING number""")
                .bind("tenant", job.tenantId()).bind("revision", revision).bind("ordinal", chunk.ordinal())
                .bind("start", chunk.start()).bind("end", chunk.end()).bind("heading", chunk.heading())
                .bind("body", chunk.body()).bind("tokens", chunk.tokens())
                .bind("page", chunk.page().isPresent() ? chunk.page().getAsInt() : null).mapTo(Long.class).one();
    }

    /** Makes the revision the visible one, in one transaction with the end of the former one and of the job. */
    public void publish(Job job, Duration lease, long revision) {
        database.asTenant(job.tenantId(), handle -> {
            hold(handle, job, lease, "NO KEY UPDATE");
            LexicalIndex.remove(handle, job.store(), job.document());
            LexicalIndex.add(handle, job.tenantId(), job.store(), job.document(), revision);
            handle.createUpdate("""
                    UPDATE document SET visible_revision = :revision, status = 'completed', error_code = NULL,
                        error_message = NULL, published = (SELECT revision FROM vector_store WHERE number = store),
                        usage_bytes = (SELECT octet_length(body) FROM document_revision
                            WHERE number = :revision) + (SELECT coalesce(sum(pg_column_size(vector)), 0)
                            FROM embedding JOIN chunk c ON c.number = chunk WHERE c.revision = :revision)
                    WHERE number = :document""").bind("revision", revision).bind("document", job.document()).execute();
            handle.execute("DELETE FROM document_revision WHERE document = ? AND number <> ?", job.document(),
                    revision);
            return finish(handle, job);
        });
    }

    /** Ends a job without a new revision; one that was visible stays so. */
    public void fail(Job job, Duration lease, Document.IngestionError error) {
        database.asTenant(job.tenantId(), handle -> {
            hold(handle, job, lease, "KEY SHARE");
            handle.createUpdate("""
                    UPDATE document SET status = 'failed', error_code = :code, error_message = :message
                    WHERE number = :document""").bind("code", error.code()).bind("message", error.message())
                    .bind("document", job.document()).execute();
            handle.execute("""
                    DELETE FROM document_revision r USING document d
                    WHERE d.number = ? AND r.document = d.number AND r.number IS DISTINCT FROM d.visible_revision""",
                    job.document());
            return finish(handle, job);
        });
    }

    /** Says that the worker is still at it. */
    public void renew(Job job, Duration lease) {
        database.asTenant(job.tenantId(), handle -> {
            hold(handle, job, lease, "KEY SHARE");
            return null;
        });
    }

    /** Gives a job back that can't be begun yet, or that lets others go first: this was no attempt. */
    public void postpone(Job job, Duration pause) {
        database.asTenant(job.tenantId(), handle -> handle.createUpdate("""
                UPDATE ingestion_job SET worker = NULL, attempts = attempts - 1,
                    lease_until = clock_timestamp() + make_interval(secs => :pause)
                WHERE document = :document AND worker = :worker AND attempts = :attempt""")
                .bind("pause", pause.toMillis() / 1000.0).bind("document", job.document())
                .bind("worker", job.worker()).bind("attempt", job.attempt()).execute());
    }

    /** Gives a job back so that it is tried again after a while. */
    public void giveBack(Job job, Duration pause) {
        database.asTenant(job.tenantId(), handle -> handle.createUpdate("""
                UPDATE ingestion_job SET worker = NULL,
                    lease_until = clock_timestamp() + make_interval(secs => :pause)
                WHERE document = :document AND worker = :worker""").bind("pause", pause.toMillis() / 1000.0)
                .bind("document", job.document()).bind("worker", job.worker()).execute());
    }

    private static int finish(Handle handle, Job job) {
        return handle.execute("DELETE FROM ingestion_job WHERE document = ?", job.document());
    }

    /** Locks the store and then the job, in the order every writer keeps, and renews the lease. */
    private static void hold(Handle handle, Job job, Duration lease, String strength) {
        handle.createQuery("SELECT number FROM vector_store WHERE number = :store FOR " + strength)
                .bind("store", job.store()).mapTo(Long.class).list();
        int renewed = handle.createUpdate("""
                UPDATE ingestion_job SET lease_until = clock_timestamp() + make_interval(secs => :lease)
                WHERE document = :document AND worker = :worker AND attempts = :attempt""")
                .bind("lease", lease.toMillis() / 1000.0).bind("document", job.document())
                .bind("worker", job.worker()).bind("attempt", job.attempt()).execute();
        if (renewed == 0) throw new LeaseLostException(job);
    }
}
