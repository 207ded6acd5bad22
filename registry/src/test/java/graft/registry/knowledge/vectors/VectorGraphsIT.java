package graft.registry.knowledge.vectors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.knowledge.AttributeFilter;
import graft.registry.knowledge.NearestVectors;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.SearchDao.Hit;
import graft.registry.knowledge.SearchDao.SearchedStore;
import graft.registry.knowledge.StoreDao;
import graft.registry.testing.BulkLoad;
import graft.registry.testing.TestDatabase;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Stores over the limit, here a low one, against the comparison of all vectors. */
class VectorGraphsIT {
    private static final int DOCUMENTS = 400;
    private static final int CHUNKS = 5; // of a document, the last with two windows
    private static final int WIDTH = 32;
    private static final Random RANDOM = new Random(20261122);
    private static final List<float[]> CENTRES = new ArrayList<>();
    private static final List<String> FILES = new ArrayList<>();
    private static TestDatabase test;
    private static BulkLoad bulk;
    private static VectorGraphs graphs;
    private static SearchDao search;

    @BeforeAll
    static void open() {
        test = TestDatabase.open();
        bulk = new BulkLoad(test.database(), "by hand", WIDTH);
        for (int i = 0; i < 20; i++) CENTRES.add(vector(new float[WIDTH], 1));
        for (int i = 0; i < DOCUMENTS; i++) {
            List<String> texts = new ArrayList<>();
            List<List<float[]>> vectors = new ArrayList<>();
            for (int chunk = 0; chunk < CHUNKS; chunk++) {
                texts.add("chunk " + chunk);
                vectors.add(chunk < CHUNKS - 1 ? List.of(near()) : List.of(near(), near()));
            }
            FILES.add(bulk.add(texts, vectors, "{\"n\": " + i + ", \"hundredth\": " + (i % 100 == 0) + "}"));
        }
        graphs = graphs(1000);
        search = new SearchDao(test.database(), new SearchDao.Bm25(0.9, 0.4),
                new NearestVectors.Effort(100, 20_000, 40));
        assertTrue(store().graph().isEmpty());
        assertEquals(1, graphs.promote());
        assertEquals(0, graphs.promote(), "what is there is not built again");
    }

    private static VectorGraphs graphs(int limit) {
        return new VectorGraphs(test.database(), test.owner(), new VectorGraphs.Settings(limit, 16, 128, 64L << 20));
    }

    @AfterAll
    static void close() {
        test.close();
    }

    private static float[] near() {
        return vector(CENTRES.get(RANDOM.nextInt(CENTRES.size())), 0.4);
    }

    private static float[] vector(float[] centre, double spread) {
        float[] vector = new float[WIDTH];
        for (int i = 0; i < WIDTH; i++) vector[i] = (float) (centre[i] + spread * RANDOM.nextGaussian());
        return vector;
    }

    private static SearchedStore store() {
        return search.stores(bulk.tenant, List.of(bulk.store.id())).get(bulk.store.id());
    }

    private static List<Hit> ask(boolean byGraph, Optional<AttributeFilter> filter, float[] question, int limit) {
        SearchedStore store = store();
        SearchedStore asked = byGraph ? store : new SearchedStore(store.number(), store.id(), store.embedder(),
                store.revision(), store.chunks(), store.expired(), OptionalInt.empty());
        return search.nearest(bulk.tenant, new SearchDao.Scope(List.of(asked), filter), question, limit);
    }

    private static double recall(Optional<AttributeFilter> filter, int limit) {
        int found = 0;
        int wanted = 0;
        for (int i = 0; i < 50; i++) {
            float[] question = near();
            List<Hit> exact = ask(false, filter, question, limit);
            List<Hit> byGraph = ask(true, filter, question, limit);
            assertEquals(exact.size(), byGraph.size());
            Set<Long> chunks = new HashSet<>();
            byGraph.forEach(hit -> assertTrue(chunks.add(hit.chunk()), "a chunk is found once"));
            for (Hit hit : exact) if (chunks.contains(hit.chunk())) found++;
            wanted += exact.size();
        }
        return found / (double) wanted;
    }

    private static AttributeFilter compare(AttributeFilter.Operator operator, String key, String value) {
        return new AttributeFilter.Compare(operator, key, value);
    }

    @Test
    void theGraphFindsWhatComparingAllFindsWithTheSameScores() {
        assertTrue(store().graph().isPresent());
        assertTrue(recall(Optional.empty(), 10) >= 0.98);
        float[] question = near();
        assertEquals(ask(false, Optional.empty(), question, 1), ask(true, Optional.empty(), question, 1));
    }

    @Test
    void aFilterThatFewMeetIsExactAndOneThatManyMeetGoesThroughTheGraph() {
        Optional<AttributeFilter> few = Optional.of(compare(AttributeFilter.Operator.EQ, "hundredth", "true"));
        assertEquals(1, recall(few, 10));
        assertEquals(4 * CHUNKS, ask(true, few, near(), 100).size(), "all that there are");
        Optional<AttributeFilter> half = Optional.of(compare(AttributeFilter.Operator.LT, "n", "200"));
        assertTrue(recall(half, 10) >= 0.98);
        assertEquals(200 * CHUNKS, ask(true, half, near(), 5000).size(), "min(k, matching) beyond the graph's reach");
        assertEquals(List.of(), ask(true, Optional.of(compare(AttributeFilter.Operator.EQ, "n", "-1")), near(), 10));
    }

    @Test
    void theSearchWalksTheGraphAndNotTheTable() {
        String plan = test.database().asTenant(bulk.tenant, handle -> {
            handle.execute("SET LOCAL enable_sort = off");
            return String.join("\n", handle.createQuery("EXPLAIN SELECT chunk FROM embedding e WHERE store = "
                    + bulk.store.number() + " AND (SELECT d.visible_revision = e.revision FROM document d"
                    + " WHERE d.number = e.document) ORDER BY vector::halfvec(" + WIDTH + ") <=> :v::halfvec(" + WIDTH
                    + ") LIMIT 10").bind("v", "[" + "1,".repeat(WIDTH - 1) + "1]").mapTo(String.class).list());
        });
        assertTrue(plan.contains(graphs.names().getFirst()), plan);
    }

    @Test
    void aRemovedDocumentIsNeverMetInTheGraphAndOneThatComesLaterIs() {
        float[] far = vector(new float[WIDTH], 50);
        String file = bulk.add(List.of("far away"), List.of(List.of(far)), "{}");
        long chunk = ask(true, Optional.empty(), far, 1).getFirst().chunk();
        assertEquals(chunk, ask(false, Optional.empty(), far, 1).getFirst().chunk());
        assertTrue(bulk.remove(file));
        assertFalse(ask(true, Optional.empty(), far, 200).stream().anyMatch(hit -> hit.chunk() == chunk));
    }

    @Test
    void aStoreThatShrankOrWentLosesItsGraph() {
        BulkLoad other = new BulkLoad(test.database(), "by hand", WIDTH);
        List<String> files = new ArrayList<>();
        for (int i = 0; i < 30; i++) files.add(other.add(List.of("a"), List.of(List.of(near())), "{}"));
        VectorGraphs low = graphs(20);
        assertEquals(1, low.promote());
        for (String file : files.subList(0, 25)) assertTrue(other.remove(file));
        assertEquals(1, low.promote());
        assertTrue(search.stores(other.tenant, List.of(other.store.id())).get(other.store.id()).graph().isEmpty());
        for (int i = 0; i < 30; i++) other.add(List.of("a"), List.of(List.of(near())), "{}");
        assertEquals(1, low.promote());
        assertTrue(new StoreDao(test.database()).delete(other.tenant, other.store.id(), "test").isPresent());
        assertEquals(1, low.promote());
        assertEquals(1, graphs.names().size());
    }
}
