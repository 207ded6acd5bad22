package graft.registry.knowledge;

import graft.registry.Database;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/**
 * The two legs of a search and the passages they lead to. Any thread may call; every method is one transaction and sees
 * only published revisions. Both legs order equal scores by chunk number, so results repeat.
 */
public final class SearchDao {
    private final Database database;
    private final Bm25 bm25;

    /** The two constants of Okapi BM25; 0.9 and 0.4 are Lucene's in the BEIR runs that we are measured against. */
    public record Bm25(double k1, double b) {}

    public SearchDao(Database database, Bm25 bm25) {
        this.database = database;
        this.bm25 = bm25;
    }

    /** Where to look. @param stores numbers of stores */
    public record Scope(List<Long> stores, Optional<AttributeFilter> filter) {
        public Scope {
            stores = List.copyOf(stores);
        }
    }

    /** @param chunk its number; @param score higher is better: BM25, or the cosine of the nearest window */
    public record Hit(long chunk, double score) {}

    /** A chunk that was found, with what names it towards the outside. */
    public record FoundChunk(long number, String id, String storeId, String fileId, String filename, String revision,
            int start, int end, String text, String attributes) {}

    /** The stores of these ids that the tenant has; notes that they are in use. */
    public Map<String, KnowledgeStore> stores(String tenantId, List<String> ids) {
        return database.asTenant(tenantId, handle -> {
            Map<String, KnowledgeStore> found = new LinkedHashMap<>();
            for (String id : ids) StoreDao.find(handle, id).ifPresent(store -> found.put(id, store));
            StoreDao.touch(handle, found.values().stream().map(KnowledgeStore::number).toList());
            return found;
        });
    }

    /**
     * Best chunks by BM25, any of the question's words (Robertson and Zaragoza 2009; Lucene's form of the idf). Both
     * legs are written so that their plans do not hang on statistics, which a store that was just filled lacks: words
     * are an array for the index, and {@code IN (...) IS TRUE} stays a hashed look-up. Sums are rounded, because the
     * order in which a plan adds them may differ in the last digits.
     */
    public List<Hit> lexical(String tenantId, Scope scope, String question, int limit) {
        Map<String, Object> bindings = new HashMap<>();
        String sql = """
                WITH word AS MATERIALIZED (
                    SELECT known.store, known.lexeme,
                        ln(1 + (s.chunk_count - known.chunk_count + 0.5) / (known.chunk_count + 0.5))::float8 AS idf,
                        greatest(s.lexeme_total, 1)::float8 / greatest(s.chunk_count, 1) AS average_length
                    FROM vector_store s JOIN lexeme known ON known.store = s.number
                    WHERE s.number = ANY(:stores) AND known.lexeme = ANY(ARRAY(
                        SELECT asked.lexeme FROM unnest(knowledge_lexemes(:question)) asked)))
                SELECT p.chunk, round(sum(word.idf * p.frequency * (:k1 + 1)
                    / (p.frequency + :k1 * (1 - :b + :b * p.length / word.average_length)))::numeric, 9) AS score
                FROM word JOIN posting p ON p.store = word.store AND p.lexeme = word.lexeme%s
                GROUP BY p.chunk ORDER BY score DESC, p.chunk LIMIT :limit"""
                .formatted(scope.filter().map(filter -> """

                WHERE (p.document IN (SELECT d.number FROM document d
                                      WHERE d.store = ANY(:stores) AND\s""" + filter.sql(bindings) + ")) IS TRUE")
                        .orElse(""));
        return database.asTenant(tenantId, handle -> hits(handle.createQuery(sql).bindMap(bindings)
                .bind("question", withoutNul(question)).bind("k1", bm25.k1()).bind("b", bm25.b()), scope, limit));
    }

    /** Chunks with the nearest window by cosine, by an exact scan: every chunk that meets the filter is compared. */
    public List<Hit> nearest(String tenantId, Scope scope, float[] vector, int limit) {
        Map<String, Object> bindings = new HashMap<>();
        String sql = """
                WITH seen AS MATERIALIZED (
                    SELECT e.chunk, e.vector <=> :vector::halfvec AS distance FROM embedding e
                    WHERE e.store = ANY(:stores) AND (e.revision IN (
                        SELECT d.visible_revision FROM document d WHERE d.store = ANY(:stores)%s)) IS TRUE)
                SELECT chunk, 1 - min(distance) AS score FROM seen
                GROUP BY chunk ORDER BY score DESC, chunk LIMIT :limit"""
                .formatted(scope.filter().map(filter -> " AND " + filter.sql(bindings)).orElse(""));
        return database.asTenant(tenantId, handle -> hits(handle.createQuery(sql).bindMap(bindings)
                .bind("vector", literal(vector)), scope, limit));
    }

    private static List<Hit> hits(Query query, Scope scope, int limit) {
        return query.bind("stores", SqlArray.bigints(scope.stores())).bind("limit", limit)
                .map((rows, context) -> new Hit(rows.getLong("chunk"), rows.getDouble("score"))).list();
    }

    /** The chunks of these numbers that are still visible, in the order asked for. */
    public List<FoundChunk> chunks(String tenantId, List<Long> numbers) {
        Map<Long, FoundChunk> found = new HashMap<>();
        database.<Void>asTenant(tenantId, handle -> {
            for (FoundChunk chunk : fetch(handle, numbers)) found.put(chunk.number(), chunk);
            return null;
        });
        List<FoundChunk> ordered = new ArrayList<>(numbers.size());
        for (long number : numbers) {
            if (found.containsKey(number)) ordered.add(found.get(number));
        }
        return ordered;
    }

    private static List<FoundChunk> fetch(Handle handle, List<Long> numbers) {
        return handle.createQuery("""
                SELECT c.number, r.id || '-' || c.ordinal AS id, s.id AS store_id, f.id AS file_id, f.filename,
                    r.id AS revision, c.start_at, c.end_at, c.body, d.attributes::text AS attributes
                FROM chunk c JOIN document_revision r ON r.number = c.revision
                    JOIN document d ON d.number = r.document AND d.visible_revision = r.number
                    JOIN vector_store s ON s.number = d.store JOIN file f ON f.id = d.file_id
                WHERE c.number = ANY(:numbers)""").bind("numbers", SqlArray.bigints(numbers))
                .map((rows, context) -> new FoundChunk(rows.getLong("number"), rows.getString("id"),
                        rows.getString("store_id"), rows.getString("file_id"), rows.getString("filename"),
                        rows.getString("revision"), rows.getInt("start_at"), rows.getInt("end_at"),
                        rows.getString("body"), rows.getString("attributes"))).list();
    }

    /** A question may hold U+0000, which no chunk can and no Postgres text may. */
    private static String withoutNul(String question) {
        return question.replace('\0', ' ');
    }

    static String literal(float[] vector) {
        StringBuilder text = new StringBuilder(vector.length * 12).append('[');
        for (float component : vector) text.append(component).append(',');
        text.setCharAt(text.length() - 1, ']');
        return text.toString();
    }
}
