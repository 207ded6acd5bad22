package graft.registry.knowledge.images;

import java.nio.ByteBuffer;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.ResultIterator;

/** Reads what images are made of, as the tenant whose store it is. */
final class ImageDao {
    private static final int ROWS_AT_ONCE = 500;

    private ImageDao() {}

    /** A store as it stands. @param chunks of its visible revisions */
    record Standing(long revision, String space, int dimensions, long chunks) {}

    /** @param chunk empty in the one row of a store in which nothing has changed */
    record Change(Standing standing, Optional<StoreImage.Chunk> chunk) {}

    static Optional<Standing> standing(Handle handle, long store) {
        return handle.createQuery("SELECT revision, embedder, dimensions, chunk_count FROM vector_store"
                + " WHERE number = :store").bind("store", store).map((row, context) -> standing(row)).findOne();
    }

    /**
     * The chunks of documents that were published after a revision of the store, with the store's revision in the same
     * snapshot. A store's changes are committed in the order of its revisions, because each holds the store's row: what
     * is not seen here has a higher one. No row for a store that is gone.
     */
    static ResultIterator<Change> changes(Handle handle, long store, long since) {
        return handle.createQuery("""
                SELECT s.revision, s.embedder, s.dimensions, s.chunk_count, d.number AS document, d.visible_revision,
                    c.number AS chunk, c.length, tsvector_to_array(c.lexemes) AS lexemes,
                    ARRAY(SELECT cardinality(word.positions) FROM unnest(c.lexemes) word) AS frequencies,
                    (SELECT string_agg(halfvec_send(e.vector), '' ORDER BY e.part) FROM embedding e
                     WHERE e.chunk = c.number) AS vectors
                FROM vector_store s
                    LEFT JOIN (document d JOIN chunk c ON c.revision = d.visible_revision)
                        ON d.store = s.number AND d.published > :since
                WHERE s.number = :store""").bind("store", store).bind("since", since)
                .setFetchSize(ROWS_AT_ONCE).map((row, context) -> new Change(standing(row), chunk(row))).iterator();
    }

    private static Standing standing(ResultSet row) throws SQLException {
        return new Standing(row.getLong("revision"), row.getString("embedder"), row.getInt("dimensions"),
                row.getLong("chunk_count"));
    }

    private static Optional<StoreImage.Chunk> chunk(ResultSet row) throws SQLException {
        long number = row.getLong("chunk");
        if (row.wasNull()) return Optional.empty();
        return Optional.of(new StoreImage.Chunk(row.getLong("document"), row.getLong("visible_revision"), number,
                row.getInt("length"), List.of((String[]) array(row, "lexemes")),
                List.of((Integer[]) array(row, "frequencies")),
                windows(Optional.ofNullable(row.getBytes("vectors")).orElseGet(() -> new byte[0]))));
    }

    private static Object array(ResultSet row, String column) throws SQLException {
        Array array = row.getArray(column);
        return array.getArray();
    }

    /** As pgvector sends halfvecs: a count, an unused number, then the halves, all of two bytes. */
    private static List<float[]> windows(byte[] sent) {
        List<float[]> windows = new ArrayList<>();
        for (ByteBuffer bytes = ByteBuffer.wrap(sent); bytes.hasRemaining();) {
            float[] vector = new float[bytes.getShort()];
            bytes.getShort();
            for (int d = 0; d < vector.length; d++) vector[d] = Float.float16ToFloat(bytes.getShort());
            windows.add(vector);
        }
        return windows;
    }

    /** Revisions that searches see. */
    static Set<Long> visible(Handle handle, long store) {
        Set<Long> found = new HashSet<>();
        Iterator<Long> revisions = handle.createQuery("SELECT visible_revision FROM document WHERE store = :store"
                + " AND visible_revision IS NOT NULL").bind("store", store).mapTo(Long.class).iterator();
        revisions.forEachRemaining(found::add);
        return found;
    }
}
