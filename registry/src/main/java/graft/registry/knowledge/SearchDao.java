package graft.registry.knowledge;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.knowledge.images.StoreImages;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/**
 * The two legs of a search and the passages they lead to. Any thread may call; every method is one transaction and sees
 * only published revisions. Both legs order equal scores by chunk number, so results repeat.
 */
public final class SearchDao {
    private static final String FETCH = """
            SELECT c.number, r.id || '-' || c.ordinal AS id, s.id AS store_id, f.id AS file_id, f.filename,
                r.id AS revision, c.start_at, c.end_at, c.body, d.attributes::text AS attributes, c.page
            FROM chunk c JOIN document_revision r ON r.number = c.revision
                JOIN document d ON d.number = r.document AND d.visible_revision = r.number
                JOIN vector_store s ON s.number = d.store JOIN file f ON f.id = d.file_id
            WHERE c.number = ANY(:numbers)""";
    private final Database database;
    private final Bm25 bm25;
    private final NearestVectors vectors;
    private final Optional<ImagedLegs> imaged;

    /** The two constants of Okapi BM25; 0.9 and 0.4 are Lucene's in the BEIR runs that we are measured against. */
    public record Bm25(double k1, double b) {}

    /** Without images, with graphs asked as the defaults say. */
    public SearchDao(Database database, Bm25 bm25) {
        this(database, bm25, NearestVectors.Effort.DEFAULTS);
    }

    /** Without images: the database's own indexes alone. */
    public SearchDao(Database database, Bm25 bm25, NearestVectors.Effort effort) {
        this(database, bm25, effort, Optional.empty());
    }

    /** @param images asked first; they answer as the database would, but for the last places by meaning */
    public SearchDao(Database database, Bm25 bm25, NearestVectors.Effort effort, StoreImages images) {
        this(database, bm25, effort, Optional.of(images));
    }

    private SearchDao(Database database, Bm25 bm25, NearestVectors.Effort effort, Optional<StoreImages> images) {
        this.database = database;
        this.bm25 = bm25;
        this.vectors = new NearestVectors(effort);
        this.imaged = images.map(held -> new ImagedLegs(database, held, bm25, effort.exactDocuments()));
    }

    /**
     * A store as a search needs it.
     *
     * @param chunks of its visible documents
     * @param graph  dimensions of its HNSW graph; empty while every vector is compared
     */
    public record SearchedStore(long number, String id, String embedder, long revision, long chunks, boolean expired,
            OptionalInt graph) {}

    /** Where to look. */
    public record Scope(List<SearchedStore> stores, Optional<AttributeFilter> filter) {
        public Scope {
            stores = List.copyOf(stores);
        }

        List<Long> numbers() {
            return stores.stream().map(SearchedStore::number).toList();
        }
    }

    /** @param chunk its number; @param score higher is better: BM25, or the cosine of the nearest window */
    public record Hit(long chunk, double score) {}

    /** A chunk that was found, with what names it towards the outside. @param page as {@link Pages} has it */
    public record FoundChunk(long number, String id, String storeId, String fileId, String filename, String revision,
            int start, int end, String text, String attributes, OptionalInt page) {}

    /** Where a neighbour of a chunk stands; @param of the chunk it is a neighbour of, which is its own as well */
    public record Neighbour(long of, long chunk, int start, int end, String heading, String firstLine, int tokens) {}

    /** How many chunks to each side {@link #around} looks at most. */
    public static final int MOST_REACH = 32;

    /** The stores of these ids that the tenant has, without counting what they hold; notes that they are in use. */
    public Map<String, SearchedStore> stores(String tenantId, List<String> ids) {
        Map<String, SearchedStore> found = new LinkedHashMap<>();
        List<Long> idle = new ArrayList<>();
        database.queryAsTenant(tenantId, """
                SELECT number, id, embedder, revision, chunk_count, graph,
                    coalesce(last_active_at + make_interval(days => expires_after_days) < now(), false) AS expired,
                    last_active_at < now() - interval '1 minute' AS idle
                FROM vector_store WHERE id = ANY(:ids) ORDER BY array_position(:ids, id)""",
                query -> query.bind("ids", SqlArray.texts(ids)), (rows, context) -> {
                    SearchedStore store = store(rows);
                    if (rows.getBoolean("idle")) idle.add(store.number());
                    return found.put(store.id(), store);
                });
        if (!idle.isEmpty()) database.<Void>asTenant(tenantId, handle -> {
            StoreDao.touch(handle, idle);
            return null;
        });
        return found;
    }

    private static SearchedStore store(ResultSet rows) throws SQLException {
        int dimensions = rows.getInt("graph");
        OptionalInt graph = rows.wasNull() ? OptionalInt.empty() : OptionalInt.of(dimensions);
        return new SearchedStore(rows.getLong("number"), rows.getString("id"), rows.getString("embedder"),
                rows.getLong("revision"), rows.getLong("chunk_count"), rows.getBoolean("expired"), graph);
    }

    /**
     * Best chunks by BM25, any of the question's words (Robertson and Zaragoza 2009; Lucene's form of the idf). Sums
     * are rounded, because the order in which a plan adds them may differ in the last digits.
     */
    public List<Hit> lexical(String tenantId, Scope scope, String question, int limit) {
        String asked = withoutNul(question);
        return leg(tenantId, scope, limit, (legs, each) -> legs.lexical(each, asked),
                (handle, others) -> lexical(handle, others, asked, limit));
    }

    /**
     * Written so that its plan does not hang on statistics, which a store that was just filled lacks: words are an
     * array for the index, and {@code IN (...) IS TRUE} stays a hashed look-up.
     */
    private List<Hit> lexical(Handle handle, Scope scope, String question, int limit) {
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
        return hits(handle.createQuery(sql).bindMap(bindings).bind("question", question).bind("k1", bm25.k1())
                .bind("b", bm25.b()), scope, limit);
    }

    /**
     * Chunks with the nearest window by cosine: of small stores by comparing all, of large ones by their image or
     * their graph. Always as many as there are, up to the limit, whatever the filter.
     */
    public List<Hit> nearest(String tenantId, Scope scope, float[] vector, int limit) {
        return leg(tenantId, scope, limit, (legs, each) -> legs.nearest(each, vector),
                (handle, others) -> vectors.nearest(handle, others, literal(vector), limit));
    }

    private interface ByImage {
        Optional<List<Hit>> find(ImagedLegs legs, ImagedLegs.Asked asked);
    }

    private interface ByDatabase {
        List<Hit> find(Handle handle, Scope others);
    }

    /** Stores with an image by it, all others at once by the database; a chunk is in one store only. */
    private List<Hit> leg(String tenantId, Scope scope, int limit, ByImage byImage, ByDatabase byDatabase) {
        List<List<Hit>> found = new ArrayList<>();
        List<SearchedStore> others = new ArrayList<>();
        for (SearchedStore store : scope.stores()) {
            Optional<List<Hit>> hits = imaged.flatMap(legs -> byImage.find(legs,
                    new ImagedLegs.Asked(tenantId, store, scope.filter(), limit)));
            hits.ifPresentOrElse(found::add, () -> others.add(store));
        }
        if (!others.isEmpty()) {
            found.add(database.asTenant(tenantId, handle -> byDatabase.find(handle,
                    new Scope(others, scope.filter()))));
        }
        if (found.size() == 1) return found.getFirst();
        return found.stream().flatMap(List::stream).sorted(Comparator.comparingDouble(Hit::score).reversed()
                .thenComparingLong(Hit::chunk)).limit(limit).toList();
    }

    private static List<Hit> hits(Query query, Scope scope, int limit) {
        return query.bind("stores", SqlArray.bigints(scope.numbers())).bind("limit", limit)
                .map((rows, context) -> new Hit(rows.getLong("chunk"), rows.getDouble("score"))).list();
    }

    /** The chunks of these numbers that are still visible, in the order asked for. */
    public List<FoundChunk> chunks(String tenantId, List<Long> numbers) {
        Map<Long, FoundChunk> found = new HashMap<>();
        database.queryAsTenant(tenantId, FETCH, query -> query.bind("numbers", SqlArray.bigints(numbers)),
                (rows, context) -> found(rows)).forEach(chunk -> found.put(chunk.number(), chunk));
        List<FoundChunk> ordered = new ArrayList<>(numbers.size());
        for (long number : numbers) {
            if (found.containsKey(number)) ordered.add(found.get(number));
        }
        return ordered;
    }

    private static List<FoundChunk> fetch(Handle handle, List<Long> numbers) {
        return handle.createQuery(FETCH).bind("numbers", SqlArray.bigints(numbers))
                .map((rows, context) -> found(rows)).list();
    }

    private static FoundChunk found(ResultSet rows) throws SQLException {
        return new FoundChunk(rows.getLong("number"), rows.getString("id"), rows.getString("store_id"),
                rows.getString("file_id"), rows.getString("filename"), rows.getString("revision"),
                rows.getInt("start_at"), rows.getInt("end_at"), rows.getString("body"), rows.getString("attributes"),
                Columns.optionalInt(rows, "page"));
    }

    /** The chunks before and after each of these in its document, itself among them, in order. */
    public List<Neighbour> around(String tenantId, List<Long> numbers, int reach) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT c.number AS of, n.number, n.start_at, n.end_at, n.heading, n.tokens,
                    split_part(n.body, E'\\n', 1) AS first_line
                FROM chunk c JOIN chunk n ON n.revision = c.revision
                    AND n.ordinal BETWEEN c.ordinal - :reach AND c.ordinal + :reach
                WHERE c.number = ANY(:numbers) ORDER BY c.number, n.ordinal""")
                .bind("numbers", SqlArray.bigints(numbers)).bind("reach", Math.min(reach, MOST_REACH))
                .map((rows, context) -> new Neighbour(rows.getLong("of"), rows.getLong("number"),
                        rows.getInt("start_at"), rows.getInt("end_at"), rows.getString("heading"),
                        rows.getString("first_line"), rows.getInt("tokens"))).list());
    }

    /**
     * The beginnings of a store's documents whose file has one of these names, in lower case, or was read from one of
     * these URLs, in the order of their making.
     *
     * @param seen revisions that are left out
     */
    public List<FoundChunk> linked(String tenantId, String storeId, Collection<String> targets, Collection<String> seen,
            Optional<AttributeFilter> filter, int most) {
        Map<String, Object> bindings = new HashMap<>();
        String sql = """
                SELECT c.number FROM vector_store s JOIN document d ON d.store = s.number
                    JOIN document_revision r ON r.number = d.visible_revision AND r.id <> ALL(:seen)
                    JOIN file f ON f.id = d.file_id JOIN chunk c ON c.revision = r.number AND c.ordinal = 0
                WHERE s.id = :store AND (lower(f.filename) = ANY(:targets) OR f.source_url = ANY(:targets))%s
                ORDER BY d.number LIMIT :most"""
                .formatted(filter.map(one -> " AND (" + one.sql(bindings) + ") IS TRUE").orElse(""));
        return database.asTenant(tenantId, handle -> fetch(handle, handle.createQuery(sql).bindMap(bindings)
                .bind("store", storeId).bind("targets", SqlArray.texts(targets)).bind("seen", SqlArray.texts(seen))
                .bind("most", most).mapTo(Long.class).list()).stream()
                .sorted(Comparator.comparingLong(FoundChunk::number)).toList());
    }

    /** The chunk with other bounds in its stored text; empty if its revision is no longer there. */
    public Optional<FoundChunk> slice(String tenantId, FoundChunk chunk, int start, int end) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT substr(body, :start + 1, :length) FROM document_revision WHERE id = :revision""")
                .bind("start", start).bind("length", end - start).bind("revision", chunk.revision())
                .mapTo(String.class).findOne().map(text -> new FoundChunk(chunk.number(), chunk.id(), chunk.storeId(),
                        chunk.fileId(), chunk.filename(), chunk.revision(), start, end, text, chunk.attributes(),
                        pageOf(chunk, start, text))));
    }

    /** @param start of a slice that the chunk lies in, or that lies in the chunk */
    private static OptionalInt pageOf(FoundChunk chunk, int start, String text) {
        return start <= chunk.start() ? Pages.before(chunk.page(), text, chunk.start() - start)
                : Pages.after(chunk.page(), chunk.text(), start - chunk.start());
    }

    /** A question may hold U+0000, which no chunk can and no Postgres text may. */
    private static String withoutNul(String question) {
        return question.replace('\0', ' ');
    }

    /** A vector as Postgres reads it. */
    public static String literal(float[] vector) {
        StringBuilder text = new StringBuilder(vector.length * 12).append('[');
        for (float component : vector) text.append(component).append(',');
        text.setCharAt(text.length() - 1, ']');
        return text.toString();
    }
}
