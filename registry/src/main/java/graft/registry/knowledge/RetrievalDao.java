package graft.registry.knowledge;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.Ids;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The record of every retrieval: what was asked, what both legs found, what was kept. Any thread may call. */
public final class RetrievalDao {
    private final Database database;

    public RetrievalDao(Database database) {
        this.database = database;
    }

    /**
     * @param mode       {@code search} or {@code pinned}
     * @param queries    JSON array of the questions
     * @param filters    JSON, as the client wrote it
     * @param stores     JSON array of the stores with the revision each had
     * @param candidates JSON array: ids, offsets, ranks by leg, scores, whether kept; no document text
     * @param stages     JSON object: microseconds by stage
     * @param reader     empty for a plain search
     */
    public record Entry(String mode, String queries, Optional<String> filters, int maxResults, String stores,
            String candidates, String stages, Optional<Reader> reader) {}

    /** What the passages were shown to. @param adapterDigest empty for the base model alone */
    public record Reader(String promptFormat, Optional<String> adapterDigest) {}

    /** An entry as stored: {@code ret_...}. */
    public record Recorded(String id, String tenantId, Instant createdAt, Entry entry) {}

    /** @return the new record's id */
    public String record(String tenantId, Entry entry) {
        String id = Ids.next("ret_");
        database.queryAsTenant(tenantId, """
                INSERT INTO retrieval (id, tenant_id, mode, queries, filters, max_results, stores, candidates, stages,
                    prompt_format, adapter_digest)
                VALUES (:id, :tenant, :mode, :queries::jsonb, :filters::jsonb, :max, :stores::jsonb,
                    :candidates::jsonb, :stages::jsonb, :format, :digest) RETURNING id""", query -> query
                .bind("id", id).bind("tenant", tenantId).bind("mode", entry.mode()).bind("queries", entry.queries())
                .bind("filters", entry.filters().orElse(null)).bind("max", entry.maxResults())
                .bind("stores", entry.stores()).bind("candidates", entry.candidates()).bind("stages", entry.stages())
                .bind("format", entry.reader().map(Reader::promptFormat).orElse(null))
                .bind("digest", entry.reader().flatMap(Reader::adapterDigest).orElse(null)),
                (row, context) -> row.getString("id"));
        return id;
    }

    /** One of the tenant's own. */
    public Optional<Recorded> find(String tenantId, String id) {
        return database.asTenant(tenantId, handle -> find(handle, id));
    }

    /** Anybody's: for the admin scope. */
    public Optional<Recorded> findAny(String id) {
        return database.asOperator(handle -> find(handle, id));
    }

    private static Optional<Recorded> find(Handle handle, String id) {
        return handle.createQuery("""
                SELECT id, tenant_id, created_at, mode, queries::text, filters::text, max_results, stores::text,
                    candidates::text, stages::text, prompt_format, adapter_digest
                FROM retrieval WHERE id = :id""").bind("id", id)
                .map((rows, context) -> new Recorded(rows.getString("id"), rows.getString("tenant_id"),
                        Columns.instant(rows, "created_at"), new Entry(rows.getString("mode"),
                                rows.getString("queries"), Columns.optionalText(rows, "filters"),
                                rows.getInt("max_results"), rows.getString("stores"), rows.getString("candidates"),
                                rows.getString("stages"), reader(rows)))).findOne();
    }

    private static Optional<Reader> reader(ResultSet rows) throws SQLException {
        String format = rows.getString("prompt_format");
        return rows.wasNull() ? Optional.empty()
                : Optional.of(new Reader(format, Columns.optionalText(rows, "adapter_digest")));
    }

    /** Forgets records older than this. @return how many */
    public int prune(Duration age, int limit) {
        return database.asOperator(handle -> handle.createUpdate("""
                DELETE FROM retrieval WHERE id IN (SELECT id FROM retrieval
                    WHERE created_at < now() - make_interval(secs => :age) ORDER BY created_at LIMIT :limit)""")
                .bind("age", age.toSeconds()).bind("limit", limit).execute());
    }
}
