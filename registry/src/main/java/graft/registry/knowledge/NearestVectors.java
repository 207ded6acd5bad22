package graft.registry.knowledge;

import graft.registry.knowledge.SearchDao.Hit;
import graft.registry.knowledge.SearchDao.Scope;
import graft.registry.knowledge.SearchDao.SearchedStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * The vector leg: which way to a store's nearest vectors is the right one. Stores without a graph are compared whole.
 * In a store with one, a filter that few documents meet is answered by comparing those alone, because a graph walk
 * would pass by nearly everything it meets; how many they are is counted, up to {@link Effort#exactDocuments}.
 * Everything else goes through the graph by pgvector's iterative scan, whose loose order is put right by sorting what
 * it gave; where it gave up before there were enough, all is compared. So min(limit, matching) chunks always come back.
 */
public final class NearestVectors {
    private final Effort effort;

    /**
     * @param search         pgvector's hnsw.ef_search, raised to the rows that are asked for:
     *                       {@code knowledge.graph-search}
     * @param tuples         most vectors that an iterative scan looks at: {@code knowledge.graph-scan}
     * @param exactDocuments most documents that meet a filter for them to be compared one by one:
     *                       {@code knowledge.exact-documents}
     */
    public record Effort(int search, int tuples, int exactDocuments) {
        public static final Effort DEFAULTS = new Effort(80, 20_000, 5_000);
        private static final int MOST_SEARCH = 1000; // pgvector's
    }

    NearestVectors(Effort effort) {
        this.effort = effort;
    }

    /** @param vector as Postgres writes it */
    List<Hit> nearest(Handle handle, Scope scope, String vector, int limit) {
        List<SearchedStore> whole = scope.stores().stream().filter(store -> store.graph().isEmpty()).toList();
        List<Hit> hits = new ArrayList<>();
        if (!whole.isEmpty()) hits.addAll(compareAll(handle, new Scope(whole, scope.filter()), vector, limit));
        for (SearchedStore store : scope.stores()) {
            if (store.graph().isPresent()) hits.addAll(large(handle, store, scope.filter(), vector, limit));
        }
        if (scope.stores().size() > 1) {
            hits.sort(Comparator.comparingDouble(Hit::score).reversed().thenComparingLong(Hit::chunk));
        }
        return hits.size() <= limit ? hits : hits.subList(0, limit);
    }

    private List<Hit> large(Handle handle, SearchedStore store, Optional<AttributeFilter> filter, String vector,
            int limit) {
        if (filter.isPresent()) {
            List<Long> matching = matching(handle, store, filter.get(), effort.exactDocuments() + 1);
            if (matching.size() <= effort.exactDocuments()) return compare(handle, store, matching, vector, limit);
        }
        // A chunk may have several windows: ask again for more where too few chunks are behind the rows.
        for (int rows = limit + limit / 4 + 1;; rows *= 4) {
            Walk walk = walk(handle, store, filter, vector, rows);
            if (walk.chunks().size() >= limit) return walk.chunks().subList(0, limit);
            if (walk.rows() < rows) {
                return compareAll(handle, new Scope(List.of(store), filter), vector, limit);
            }
        }
    }

    /** Every chunk that meets the filter is compared. */
    private static List<Hit> compareAll(Handle handle, Scope scope, String vector, int limit) {
        Map<String, Object> bindings = new HashMap<>();
        String sql = """
                WITH seen AS MATERIALIZED (
                    SELECT e.chunk, e.vector <=> :vector::halfvec AS distance FROM embedding e
                    WHERE e.store = ANY(:stores) AND (e.revision IN (
                        SELECT d.visible_revision FROM document d WHERE d.store = ANY(:stores)%s)) IS TRUE)
                SELECT chunk, 1 - min(distance) AS score FROM seen
                GROUP BY chunk ORDER BY score DESC, chunk LIMIT :limit"""
                .formatted(scope.filter().map(filter -> " AND " + filter.sql(bindings)).orElse(""));
        return handle.createQuery(sql).bindMap(bindings).bind("vector", vector)
                .bind("stores", SqlArray.bigints(scope.numbers())).bind("limit", limit)
                .map((row, context) -> new Hit(row.getLong("chunk"), row.getDouble("score"))).list();
    }

    /** Visible revisions of the documents of a {@code :store} that meet a filter, up to {@code :most}. */
    static String matching(AttributeFilter filter, Map<String, Object> bindings) {
        return "SELECT d.visible_revision FROM document d WHERE d.store = :store"
                + " AND d.visible_revision IS NOT NULL AND " + filter.sql(bindings) + " LIMIT :most";
    }

    private static List<Long> matching(Handle handle, SearchedStore store, AttributeFilter filter, int most) {
        Map<String, Object> bindings = new HashMap<>();
        return handle.createQuery(matching(filter, bindings)).bindMap(bindings).bind("store", store.number())
                .bind("most", most).mapTo(Long.class).list();
    }

    private static List<Hit> compare(Handle handle, SearchedStore store, List<Long> revisions, String vector,
            int limit) {
        if (revisions.isEmpty()) return List.of();
        return handle.createQuery("""
                WITH seen AS MATERIALIZED (
                    SELECT e.chunk, e.vector <=> :vector::halfvec AS distance
                    FROM unnest(:revisions) AS found (revision) CROSS JOIN LATERAL (
                        SELECT chunk, vector FROM embedding WHERE revision = found.revision AND store = :store
                        OFFSET 0) e)
                SELECT chunk, 1 - min(distance) AS score FROM seen
                GROUP BY chunk ORDER BY score DESC, chunk LIMIT :limit""")
                .bind("vector", vector).bind("revisions", SqlArray.bigints(revisions)).bind("store", store.number())
                .bind("limit", limit)
                .map((row, context) -> new Hit(row.getLong("chunk"), row.getDouble("score"))).list();
    }

    /** @param rows windows that the graph gave */
    private record Walk(List<Hit> chunks, int rows) {}

    private record Near(long chunk, double distance) {}

    /**
     * The store's number and dimensions stand in the text, so that the planner sees the store's own index. The scalar
     * sub-select is never made a join, which would lose the graph's order; without sorts the graph is the only way.
     */
    private Walk walk(Handle handle, SearchedStore store, Optional<AttributeFilter> filter, String vector, int rows) {
        prepare(handle, rows);
        Map<String, Object> bindings = new HashMap<>();
        String condition = filter.map(one -> " AND " + one.sql(bindings)).orElse("");
        String sql = """
                SELECT e.chunk, e.vector::halfvec(%1$d) <=> :vector::halfvec(%1$d) AS distance FROM embedding e
                WHERE e.store = %2$d AND (SELECT d.visible_revision = e.revision%3$s
                                          FROM document d WHERE d.number = e.document)
                ORDER BY e.vector::halfvec(%1$d) <=> :vector::halfvec(%1$d) LIMIT :rows"""
                .formatted(store.graph().orElseThrow(), store.number(), condition);
        List<Near> found = handle.createQuery(sql).bindMap(bindings).bind("vector", vector).bind("rows", rows)
                .map((row, context) -> new Near(row.getLong("chunk"), row.getDouble("distance"))).list();
        Map<Long, Double> best = new HashMap<>();
        for (Near near : found) best.merge(near.chunk(), near.distance(), Math::min);
        List<Hit> chunks = new ArrayList<>(best.size());
        best.forEach((chunk, distance) -> chunks.add(new Hit(chunk, 1 - distance)));
        chunks.sort(Comparator.comparingDouble(Hit::score).reversed().thenComparingLong(Hit::chunk));
        return new Walk(chunks, found.size());
    }

    /** The first value loads pgvector, without which its settings would be names that nobody reads. */
    private void prepare(Handle handle, int rows) {
        handle.createQuery("""
                SELECT concat(vector_dims('[1]'::vector), set_config('hnsw.ef_search', :search, true),
                    set_config('hnsw.iterative_scan', 'relaxed_order', true),
                    set_config('hnsw.max_scan_tuples', :tuples, true), set_config('enable_sort', 'off', true))""")
                .bind("search", String.valueOf(Math.clamp(rows, effort.search(), Effort.MOST_SEARCH)))
                .bind("tuples", String.valueOf(effort.tuples())).mapTo(String.class)
                .one();
    }
}
