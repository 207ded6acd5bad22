package graft.registry.knowledge.images;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.knowledge.AttributeFilter;
import graft.registry.knowledge.NearestVectors;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.SearchDao.Hit;
import graft.registry.knowledge.SearchDao.Scope;
import graft.registry.knowledge.SearchDao.SearchedStore;
import graft.registry.knowledge.StoreDao;
import graft.registry.knowledge.vectors.ReembeddingDao;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.BulkLoad;
import graft.registry.testing.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Searches by images, each a process's own, against the database's own comparison of everything. */
class StoreImagesIT {
    private static final int WIDTH = 40;
    private static final String[] WORDS = {"pump", "valve", "relay", "router", "heater", "sensor", "turbine", "gear",
        "lever", "piston", "shaft", "bolt"};
    private static final StoreImages.Settings ALL = new StoreImages.Settings(64L << 20, 0, 2000);
    private static final SearchDao.Bm25 BM25 = new SearchDao.Bm25(0.9, 0.4);
    private static TestDatabase test;

    @BeforeAll
    static void open() {
        test = TestDatabase.open();
    }

    @AfterAll
    static void close() {
        test.close();
    }

    private static BulkLoad bulk() {
        return new BulkLoad(test.database(), "by hand", WIDTH);
    }

    private static SearchDao search(StoreImages images) {
        return new SearchDao(test.database(), BM25, NearestVectors.Effort.DEFAULTS, images);
    }

    private static SearchDao exact() {
        return new SearchDao(test.database(), BM25);
    }

    private static Scope scope(BulkLoad bulk, Optional<AttributeFilter> filter) {
        return new Scope(List.copyOf(exact().stores(bulk.tenant, List.of(bulk.store.id())).values()), filter);
    }

    private static SearchedStore store(BulkLoad bulk) {
        return scope(bulk, Optional.empty()).stores().getFirst();
    }

    private static float[] vector(Random random) {
        float[] vector = new float[WIDTH];
        for (int d = 0; d < WIDTH; d++) vector[d] = (float) random.nextGaussian();
        return vector;
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = 1 + random.nextInt(12); i > 0; i--) text.append(WORDS[random.nextInt(WORDS.length)]).append(' ');
        return text.toString();
    }

    private record Contents(List<String> texts, List<List<float[]>> windows, String attributes) {
        static Contents of(Random random) {
            List<String> texts = new ArrayList<>();
            List<List<float[]>> windows = new ArrayList<>();
            for (int chunk = 1 + random.nextInt(4); chunk > 0; chunk--) {
                texts.add(text(random));
                windows.add(random.nextInt(3) > 0 ? List.of(vector(random)) : List.of(vector(random), vector(random)));
            }
            return new Contents(texts, windows, "{\"n\": " + random.nextInt(100) + "}");
        }
    }

    private static void change(BulkLoad bulk, List<String> files, Random random) {
        Contents contents = Contents.of(random);
        int choice = files.size() < 20 ? 0 : random.nextInt(10);
        if (choice < 5) {
            files.add(bulk.add(contents.texts(), contents.windows(), contents.attributes()));
        } else if (choice < 7) {
            bulk.replace(files.get(random.nextInt(files.size())), contents.texts(), contents.windows(),
                    contents.attributes());
        } else {
            assertTrue(bulk.remove(files.remove(random.nextInt(files.size()))));
        }
    }

    @Test
    void everyProcessAnswersAsTheDatabaseWouldWhateverComesAndGoes() {
        long seed = System.nanoTime();
        System.out.println("StoreImagesIT seed=" + seed);
        Random random = new Random(seed);
        BulkLoad bulk = bulk();
        List<String> files = new ArrayList<>();
        for (int i = 0; i < 30; i++) change(bulk, files, random);
        try (StoreImages one = new StoreImages(test.database(), ALL);
                StoreImages other = new StoreImages(test.database(), ALL)) {
            List<StoreImages> processes = List.of(one, other);
            for (StoreImages process : processes) assertTrue(process.load(bulk.tenant, bulk.store.number()));
            for (int round = 0; round < 120; round++) {
                for (int changes = random.nextInt(4); changes > 0; changes--) change(bulk, files, random);
                Optional<AttributeFilter> filter = random.nextBoolean() ? Optional.empty() : Optional.of(
                        new AttributeFilter.Compare(AttributeFilter.Operator.LT, "n", "" + random.nextInt(100)));
                Scope scope = scope(bulk, filter);
                StoreImages process = processes.get(random.nextInt(2));
                SearchDao byImage = search(process);
                float[] question = vector(random);
                String words = text(random);
                int limit = 1 + random.nextInt(random.nextInt(10) == 0 ? 500 : 15);
                assertEquals(exact().nearest(bulk.tenant, scope, question, limit),
                        byImage.nearest(bulk.tenant, scope, question, limit), "seed " + seed + " round " + round);
                assertEquals(exact().lexical(bulk.tenant, scope, words, limit),
                        byImage.lexical(bulk.tenant, scope, words, limit), "seed " + seed + " round " + round);
                assertCurrent(process, bulk, scope);
            }
        }
    }

    /** It was the image that answered; one that was made anew meanwhile comes up with the next search. */
    private static void assertCurrent(StoreImages images, BulkLoad bulk, Scope scope) {
        for (int tries = 3;; tries--) {
            StoreImage image = images.find(bulk.tenant, bulk.store.number(), "by hand", 1).orElseThrow();
            if (tries == 0) assertEquals(scope.stores().getFirst().revision(), image.revision());
            if (image.revision() == scope.stores().getFirst().revision()) return;
            search(images).lexical(bulk.tenant, scope, "pump", 1);
        }
    }

    @Test
    void whatIsPublishedIsFoundInTheNextSearchAndWhatIsDeletedNeverAgainWhileAllGoOn() throws Exception {
        long seed = System.nanoTime();
        System.out.println("StoreImagesIT seed=" + seed);
        BulkLoad bulk = bulk();
        Random random = new Random(seed);
        List<String> files = new ArrayList<>();
        for (int i = 0; i < 40; i++) change(bulk, files, random);
        Set<Long> deleted = ConcurrentHashMap.newKeySet();
        AtomicBoolean going = new AtomicBoolean(true);
        try (StoreImages images = new StoreImages(test.database(), ALL);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            assertTrue(images.load(bulk.tenant, bulk.store.number()));
            SearchDao search = search(images);
            List<Future<Integer>> askers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Random own = new Random(seed + i);
                askers.add(threads.submit(() -> ask(bulk, search, own, deleted, going)));
            }
            for (int round = 0; round < 60; round++) {
                float[] mark = vector(random);
                String word = "edition" + round;
                String file = bulk.add(List.of(word), List.of(List.of(mark)), "{}");
                Hit near = search.nearest(bulk.tenant, scope(bulk, Optional.empty()), mark, 1).getFirst();
                assertEquals(1, near.score(), 1e-3, "seed " + seed);
                assertEquals(near.chunk(), search.lexical(bulk.tenant, scope(bulk, Optional.empty()), word, 1)
                        .getFirst().chunk(), "seed " + seed);
                assertTrue(bulk.remove(file));
                deleted.add(near.chunk());
            }
            going.set(false);
            for (Future<Integer> asker : askers) assertTrue(asker.get() > 0);
        }
    }

    private static int ask(BulkLoad bulk, SearchDao search, Random random, Set<Long> deleted, AtomicBoolean going) {
        int asked = 0;
        while (going.get()) {
            Set<Long> gone = Set.copyOf(deleted);
            Scope scope = scope(bulk, Optional.empty());
            boolean near = random.nextBoolean();
            List<Hit> hits = near ? search.nearest(bulk.tenant, scope, vector(random), 20)
                    : search.lexical(bulk.tenant, scope, text(random) + " edition" + random.nextInt(60), 20);
            if (near) assertEquals(20, hits.size(), "always as many as there are");
            for (Hit hit : hits) assertFalse(gone.contains(hit.chunk()));
            asked++;
        }
        return asked;
    }

    @Test
    void imagesStayWithinTheirBytesAndTheOneAskedForLeastLatelyGoes() {
        Random random = new Random(1);
        List<BulkLoad> stores = List.of(bulk(), bulk(), bulk());
        for (BulkLoad bulk : stores) {
            List<String> files = new ArrayList<>();
            for (int i = 0; i < 20; i++) change(bulk, files, random);
        }
        long each;
        try (StoreImages images = new StoreImages(test.database(), ALL)) {
            assertTrue(images.load(stores.get(0).tenant, store(stores.get(0)).number()));
            each = images.bytes();
        }
        StoreImages.Settings two = new StoreImages.Settings(each * 5 / 2, 0, 2000);
        try (StoreImages images = new StoreImages(test.database(), two)) {
            for (BulkLoad bulk : stores) assertTrue(images.load(bulk.tenant, store(bulk).number()));
            assertTrue(images.bytes() <= two.memoryBytes());
            assertTrue(held(images, stores.get(1)) && held(images, stores.get(2)));
            assertFalse(held(images, stores.get(0)));
        }
        try (StoreImages images = new StoreImages(test.database(), new StoreImages.Settings(each / 2, 0, 2000))) {
            assertFalse(images.load(stores.get(0).tenant, store(stores.get(0)).number()), "too large for all of them");
            assertEquals(0, images.bytes());
            Scope scope = scope(stores.get(0), Optional.empty());
            float[] question = vector(random);
            assertEquals(exact().nearest(stores.get(0).tenant, scope, question, 5),
                    search(images).nearest(stores.get(0).tenant, scope, question, 5));
        }
    }

    private static boolean held(StoreImages images, BulkLoad bulk) {
        return images.find(bulk.tenant, store(bulk).number(), "by hand", 0).isPresent();
    }

    @Test
    void aForeignTenantFindsNothingInAStoreThatHasAnImage() {
        BulkLoad bulk = bulk();
        bulk.add(List.of("secret pump"), List.of(List.of(vector(new Random(2)))), "{}");
        try (StoreImages images = new StoreImages(test.database(), ALL)) {
            assertTrue(images.load(bulk.tenant, bulk.store.number()));
            String stranger = new TenantDao(test.database()).create("test", "stranger").id();
            Scope theirs = scope(bulk, Optional.empty());
            assertFalse(images.load(stranger, bulk.store.number()));
            assertEquals(List.of(), search(images).lexical(stranger, theirs, "secret", 10));
            assertEquals(List.of(), search(images).nearest(stranger, theirs, vector(new Random(2)), 10));
            assertEquals(1, search(images).lexical(bulk.tenant, theirs, "secret", 10).size());
        }
    }

    @Test
    void moreThanASearchMayAddComesInTheBackground() {
        BulkLoad bulk = bulk();
        Random random = new Random(3);
        List<String> files = new ArrayList<>();
        for (int i = 0; i < 20; i++) change(bulk, files, random);
        try (StoreImages images = new StoreImages(test.database(), new StoreImages.Settings(64L << 20, 0, 5))) {
            assertTrue(images.load(bulk.tenant, bulk.store.number()));
            for (int i = 0; i < 20; i++) bulk.add(List.of("late"), List.of(List.of(vector(random))), "{}");
            long now = store(bulk).revision();
            for (boolean behind = true; behind; Thread.onSpinWait()) {
                assertEquals(20, search(images).lexical(bulk.tenant, scope(bulk, Optional.empty()), "late", 50).size());
                behind = images.find(bulk.tenant, bulk.store.number(), "by hand", 1).orElseThrow().revision() < now;
            }
        }
    }

    @Test
    void anImageOfAnotherSpaceIsOfNoUse() {
        BulkLoad bulk = bulk();
        Random random = new Random(4);
        bulk.add(List.of("pump"), List.of(List.of(vector(random))), "{}");
        try (StoreImages images = new StoreImages(test.database(), ALL)) {
            assertTrue(images.load(bulk.tenant, bulk.store.number()));
            ReembeddingDao reembedding = new ReembeddingDao(test.database());
            ReembeddingDao.Stale stale = new ReembeddingDao.Stale(bulk.tenant, bulk.store.number(), bulk.store.id(),
                    "by hand");
            float[] other = {1, 0, 0};
            List<ReembeddingDao.NewVectors> vectors = reembedding.missing(stale, "narrow", 0, 10).stream()
                    .map(chunk -> new ReembeddingDao.NewVectors(chunk.chunk(), List.of(other))).toList();
            reembedding.add(stale, "narrow", vectors);
            assertTrue(reembedding.exchange(stale, "narrow", 3));
            assertEquals(1, search(images).nearest(bulk.tenant, scope(bulk, Optional.empty()), other, 3).getFirst()
                    .score(), 1e-3);
            assertTrue(images.load(bulk.tenant, bulk.store.number()));
            assertEquals(1, search(images).nearest(bulk.tenant, scope(bulk, Optional.empty()), other, 3).getFirst()
                    .score(), 1e-3);
            assertTrue(new StoreDao(test.database()).delete(bulk.tenant, bulk.store.id(), "test").isPresent());
            assertFalse(images.load(bulk.tenant, bulk.store.number()));
        }
    }
}
