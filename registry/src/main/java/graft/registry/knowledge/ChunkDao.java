package graft.registry.knowledge;

import graft.registry.Database;
import java.util.List;

/** How a document was cut, for those who look at it. Any thread may call; every method is one transaction. */
public final class ChunkDao {
    private final Database database;

    public ChunkDao(Database database) {
        this.database = database;
    }

    /**
     * A slice of the stored text, in code points.
     *
     * @param ordinal from 0 on
     * @param heading over it in the document, its own last; may be empty
     */
    public record Chunk(int ordinal, int start, int end, String heading, int tokens) {}

    /**
     * The chunks of the visible revision in the document's order.
     *
     * @param after the last ordinal of the page before, -1 for the first page
     */
    public List<Chunk> list(String tenantId, String storeId, String fileId, int after, int most) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT c.ordinal, c.start_at, c.end_at, c.heading, c.tokens
                FROM document d JOIN vector_store s ON s.number = d.store
                    JOIN chunk c ON c.revision = d.visible_revision
                WHERE s.id = :store AND d.file_id = :file AND c.ordinal > :after
                ORDER BY c.ordinal LIMIT :most""")
                .bind("store", storeId).bind("file", fileId).bind("after", after).bind("most", most)
                .map((row, context) -> new Chunk(row.getInt("ordinal"), row.getInt("start_at"), row.getInt("end_at"),
                        row.getString("heading"), row.getInt("tokens"))).list());
    }
}
