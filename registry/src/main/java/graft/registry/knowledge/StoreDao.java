package graft.registry.knowledge;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.Ids;
import graft.registry.knowledge.receipts.DeletionReceipt;
import graft.registry.knowledge.receipts.Removal;
import graft.registry.usage.IdempotencyDao;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/** Knowledge stores. Any thread may call; every method is one transaction. */
public final class StoreDao {
    /** The actor of what happens by itself. */
    public static final String SERVER = "server";
    private static final String SELECT = """
            SELECT s.number, s.id, s.name, s.description, s.metadata::text AS metadata, s.embedder, s.dimensions,
                s.expires_after_days, s.created_at, s.last_active_at, s.revision, f.*
            FROM vector_store s CROSS JOIN LATERAL (
                SELECT coalesce(sum(usage_bytes), 0) AS usage_bytes,
                    count(*) FILTER (WHERE status = 'in_progress') AS in_progress,
                    count(*) FILTER (WHERE status = 'completed') AS completed,
                    count(*) FILTER (WHERE status = 'failed') AS failed,
                    count(*) FILTER (WHERE status = 'cancelled') AS cancelled
                FROM document WHERE store = s.number) f
            WHERE true""";
    private static final String CONTAINING =
            " AND (:containing::text IS NULL OR position(lower(:containing) IN lower(s.name)) > 0)";
    private final Database database;

    public StoreDao(Database database) {
        this.database = database;
    }

    /** @param metadata JSON object as text */
    public record NewStore(String name, String description, String metadata, String embedder, int dimensions,
            Optional<Integer> expiresAfterDays) {}

    /** What to change; an empty field stays. The inner Optional of the expiry is empty to lift it. */
    public record Change(Optional<String> name, Optional<String> metadata,
            Optional<Optional<Integer>> expiresAfterDays) {}

    public KnowledgeStore create(String tenantId, NewStore store) {
        String id = Ids.next("vs_");
        return database.asTenant(tenantId, handle -> {
            handle.createUpdate("""
                    INSERT INTO vector_store (id, tenant_id, name, description, metadata, embedder, dimensions,
                        expires_after_days)
                    VALUES (:id, :tenant, :name, :description, :metadata::jsonb, :embedder, :dimensions, :days)""")
                    .bind("id", id).bind("tenant", tenantId).bind("name", store.name())
                    .bind("description", store.description()).bind("metadata", store.metadata())
                    .bind("embedder", store.embedder()).bind("dimensions", store.dimensions())
                    .bind("days", store.expiresAfterDays().orElse(null)).execute();
            return find(handle, id).orElseThrow();
        });
    }

    public Optional<KnowledgeStore> find(String tenantId, String id) {
        return database.asTenant(tenantId, handle -> find(handle, id));
    }

    static Optional<KnowledgeStore> find(Handle handle, String id) {
        return handle.createQuery(SELECT + " AND s.id = :id").bind("id", id).map(StoreDao::row).findOne();
    }

    public List<KnowledgeStore> list(String tenantId, Paging paging) {
        return list(tenantId, paging, Optional.empty());
    }

    /** @param part of the name, upper and lower case alike */
    public List<KnowledgeStore> list(String tenantId, Paging paging, Optional<String> part) {
        String sql = SELECT + CONTAINING + paging.sql("s.created_at, s.id",
                "SELECT created_at, id FROM vector_store WHERE id = :cursor");
        return database.asTenant(tenantId, handle -> paging.fetch(handle.createQuery(sql)
                .bind("containing", part.orElse(null)), StoreDao::row));
    }

    /** @return empty if there is no such store */
    public Optional<KnowledgeStore> change(String tenantId, String id, Change change) {
        return database.asTenant(tenantId, handle -> {
            handle.createUpdate("""
                    UPDATE vector_store SET name = coalesce(:name, name),
                        metadata = coalesce(:metadata::jsonb, metadata),
                        expires_after_days = CASE WHEN :expiry THEN :days::integer ELSE expires_after_days END,
                        last_active_at = now() WHERE id = :id""")
                    .bind("id", id).bind("name", change.name().orElse(null))
                    .bind("metadata", change.metadata().orElse(null))
                    .bind("expiry", change.expiresAfterDays().isPresent())
                    .bind("days", change.expiresAfterDays().flatMap(days -> days).orElse(null)).execute();
            return find(handle, id);
        });
    }

    /**
     * Deletes a store and all that was indexed in it; the files stay.
     *
     * @param actor the key's id
     * @return empty if there is no such store
     */
    public Optional<DeletionReceipt> delete(String tenantId, String id, String actor) {
        return database.asTenant(tenantId, handle -> {
            Optional<Long> number = handle.createQuery("SELECT number FROM vector_store WHERE id = :id FOR UPDATE")
                    .bind("id", id).mapTo(Long.class).findOne();
            if (number.isEmpty()) return Optional.<DeletionReceipt>empty();
            Removal removal = new Removal();
            removal.store(handle, number.get());
            IdempotencyDao.forgetFiles(handle, handle.createQuery("""
                    SELECT d.file_id FROM document d JOIN vector_store s ON s.number = d.store WHERE s.id = :id""")
                    .bind("id", id).mapTo(String.class).list());
            handle.execute("DELETE FROM vector_store WHERE id = ?", id);
            return Optional.of(removal.record(handle, tenantId, actor, DeletionReceipt.Kind.STORE, id));
        });
    }

    /** Deletes all stores of a tenant that is deleted. In the operator's transaction. @return how many */
    public static int deleteAll(Handle handle, String tenantId) {
        handle.createQuery("SELECT number FROM vector_store WHERE tenant_id = :tenant ORDER BY number FOR UPDATE")
                .bind("tenant", tenantId).mapTo(Long.class).list();
        return handle.execute("DELETE FROM vector_store WHERE tenant_id = ?", tenantId);
    }

    /** Stores whose time without use is over, of all tenants. */
    public List<FileDao.Expired> expired(int limit) {
        return database.asOperator(handle -> handle.createQuery("""
                SELECT tenant_id, id FROM vector_store s
                WHERE last_active_at + make_interval(days => expires_after_days) < now()
                  AND EXISTS (SELECT FROM document WHERE store = s.number) LIMIT :limit""").bind("limit", limit)
                .map((rows, context) -> new FileDao.Expired(rows.getString(1), rows.getString(2))).list());
    }

    /** Takes all files out of an expired store, which itself stays to say that it has expired. */
    public Optional<DeletionReceipt> empty(String tenantId, String id) {
        return database.asTenant(tenantId, handle -> Optional.of(LexicalIndex.removeAll(handle,
                "store = (SELECT number FROM vector_store WHERE id = :key)", id))
                .filter(removal -> removal.documents() > 0)
                .map(removal -> removal.record(handle, tenantId, SERVER, DeletionReceipt.Kind.EXPIRED_STORE, id)));
    }

    /** Notes use, at most once a minute; never waits for a writer of the store, never revives an expired one. */
    static void touch(Handle handle, List<Long> stores) {
        handle.createUpdate("""
                UPDATE vector_store SET last_active_at = now() WHERE number IN (
                    SELECT number FROM vector_store WHERE number = ANY(:stores)
                        AND last_active_at < now() - interval '1 minute'
                        AND (expires_after_days IS NULL
                            OR last_active_at + make_interval(days => expires_after_days) > now())
                    FOR NO KEY UPDATE SKIP LOCKED)""")
                .bind("stores", SqlArray.bigints(stores)).execute();
    }

    static KnowledgeStore row(ResultSet rows, StatementContext context) throws SQLException {
        int days = rows.getInt("expires_after_days");
        Optional<Integer> expiry = rows.wasNull() ? Optional.empty() : Optional.of(days);
        return new KnowledgeStore(rows.getLong("number"), rows.getString("id"), rows.getString("name"),
                rows.getString("description"), rows.getString("metadata"), rows.getString("embedder"),
                rows.getInt("dimensions"), expiry, Columns.instant(rows, "created_at"),
                Columns.instant(rows, "last_active_at"), rows.getLong("revision"), rows.getLong("usage_bytes"),
                counts(rows));
    }

    static KnowledgeStore.FileCounts counts(ResultSet rows) throws SQLException {
        return new KnowledgeStore.FileCounts(rows.getInt("in_progress"), rows.getInt("completed"),
                rows.getInt("failed"), rows.getInt("cancelled"));
    }
}
