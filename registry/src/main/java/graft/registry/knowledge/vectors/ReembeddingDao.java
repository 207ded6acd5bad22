package graft.registry.knowledge.vectors;

import graft.registry.Database;
import graft.registry.knowledge.SearchDao;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * New vectors for a store whose model is no longer the one that runs: they are gathered beside the present ones, and
 * one transaction puts them in their place. Any thread may call; every method is one transaction.
 */
public final class ReembeddingDao {
    private final Database database;

    public ReembeddingDao(Database database) {
        this.database = database;
    }

    /** A store with vectors of another space. */
    public record Stale(String tenantId, long store, String storeId, String space) {}

    /** @param heading with which the chunk is indexed: its file's stem and its headings */
    public record ChunkText(long chunk, String filename, String heading, String body) {}

    /** @param vectors one for each window */
    public record NewVectors(long chunk, List<float[]> vectors) {}

    /** The first store that is not in this space. */
    public Optional<Stale> next(String space) {
        return database.asOperator(handle -> handle.createQuery("""
                SELECT tenant_id, number, id, embedder FROM vector_store WHERE embedder <> :space
                ORDER BY number LIMIT 1""").bind("space", space)
                .map((row, context) -> new Stale(row.getString(1), row.getLong(2), row.getString(3), row.getString(4)))
                .findOne());
    }

    /** Chunks after this one that have no vectors of the space yet. */
    public List<ChunkText> missing(Stale stale, String space, long after, int limit) {
        return database.asTenant(stale.tenantId(), handle -> handle.createQuery("""
                SELECT c.number, f.filename, c.heading, c.body
                FROM document d JOIN document_revision r ON r.document = d.number JOIN chunk c ON c.revision = r.number
                    JOIN file f ON f.id = d.file_id
                WHERE d.store = :store AND c.number > :after
                  AND NOT EXISTS (SELECT FROM embedding_next n WHERE n.chunk = c.number AND n.space = :space)
                ORDER BY c.number LIMIT :limit""").bind("store", stale.store()).bind("after", after)
                .bind("space", space).bind("limit", limit)
                .map((row, context) -> new ChunkText(row.getLong(1), row.getString(2), row.getString(3),
                        row.getString(4))).list());
    }

    /** Keeps vectors beside the present ones; those of a chunk that has been deleted are forgotten. */
    public void add(Stale stale, String space, List<NewVectors> chunks) {
        database.asTenant(stale.tenantId(), handle -> {
            PreparedBatch batch = handle.prepareBatch("""
                    INSERT INTO embedding_next (chunk, part, store, tenant_id, space, vector)
                    SELECT c.number, :part, :store, :tenant, :space, :vector::halfvec FROM chunk c
                    WHERE c.number = :chunk FOR KEY SHARE
                    ON CONFLICT (chunk, part) DO UPDATE SET space = excluded.space, vector = excluded.vector""");
            for (NewVectors chunk : chunks) {
                // Windows of a third model may have been more.
                handle.execute("DELETE FROM embedding_next WHERE chunk = ? AND space <> ?", chunk.chunk(), space);
                for (int part = 0; part < chunk.vectors().size(); part++) {
                    batch.bind("part", part).bind("store", stale.store()).bind("tenant", stale.tenantId())
                            .bind("space", space).bind("chunk", chunk.chunk())
                            .bind("vector", SearchDao.literal(chunk.vectors().get(part))).add();
                }
            }
            return batch.size() == 0 ? new int[0] : batch.execute();
        });
    }

    /**
     * Exchanges the vectors, when all are there and the store has no graph, which holds the old dimensions.
     *
     * @return whether the store is in the space now
     */
    public boolean exchange(Stale stale, String space, int dimensions) {
        return database.asTenant(stale.tenantId(), handle -> {
            Optional<Boolean> free = handle.createQuery(
                    "SELECT graph IS NULL FROM vector_store WHERE number = :store AND embedder = :was FOR UPDATE")
                    .bind("store", stale.store()).bind("was", stale.space()).mapTo(Boolean.class).findOne();
            if (free.isEmpty() || !free.get() || isIncomplete(handle, stale, space)) return false;
            handle.execute("DELETE FROM embedding WHERE store = ?", stale.store());
            handle.createUpdate("""
                    INSERT INTO embedding (chunk, part, store, document, revision, tenant_id, vector)
                    SELECT n.chunk, n.part, n.store, r.document, c.revision, n.tenant_id, n.vector
                    FROM embedding_next n JOIN chunk c ON c.number = n.chunk
                        JOIN document_revision r ON r.number = c.revision
                    WHERE n.store = :store AND n.space = :space""").bind("store", stale.store()).bind("space", space)
                    .execute();
            handle.execute("DELETE FROM embedding_next WHERE store = ?", stale.store());
            handle.createUpdate("""
                    UPDATE vector_store SET embedder = :space, dimensions = :dimensions, revision = revision + 1
                    WHERE number = :store""").bind("space", space).bind("dimensions", dimensions)
                    .bind("store", stale.store()).execute();
            return true;
        });
    }

    private static boolean isIncomplete(Handle handle, Stale stale, String space) {
        return handle.createQuery("""
                SELECT EXISTS (SELECT FROM document d JOIN document_revision r ON r.document = d.number
                    JOIN chunk c ON c.revision = r.number WHERE d.store = :store
                    AND NOT EXISTS (SELECT FROM embedding_next n WHERE n.chunk = c.number AND n.space = :space))""")
                .bind("store", stale.store()).bind("space", space).mapTo(Boolean.class).one();
    }
}
