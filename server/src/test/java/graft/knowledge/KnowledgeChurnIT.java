package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.knowledge.KnowledgeStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Files come, are indexed anew and go from several sides at once while others search. */
class KnowledgeChurnIT {
    private static final int ROUNDS = 60;
    private static final String[] WORDS = {"pump", "valve", "relay", "router", "heater", "sensor", "turbine"};

    @Test
    void nothingDeletedIsFoundNothingBlocksForEverAndTheIndexStaysExact() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("KnowledgeChurnIT seed=" + seed);
        try (KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text());
                Ingestion one = rig.ingestion(); Ingestion two = rig.ingestion();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            one.start();
            two.start();
            String tenant = rig.tenant("churn");
            KnowledgeStore store = rig.store(tenant);
            Set<String> deleted = ConcurrentHashMap.newKeySet();
            List<Future<?>> running = new ArrayList<>();
            for (int worker = 0; worker < 3; worker++) {
                Random random = new Random(seed + worker);
                running.add(threads.submit(() -> churn(rig, tenant, store, random, deleted, one)));
            }
            for (Future<?> future : running) future.get();
            KnowledgeRig.await(Duration.ofSeconds(60), () -> rig.counts(tenant, store).inProgress() == 0);
            assertExact(rig, tenant, "seed " + seed);
        }
    }

    private static void churn(KnowledgeRig rig, String tenant, KnowledgeStore store, Random random,
            Set<String> deleted, Ingestion ingestion) {
        List<String> mine = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            int choice = mine.isEmpty() ? 0 : random.nextInt(5);
            if (choice <= 1) {
                mine.add(rig.upload(tenant, "f" + round + ".txt", text(random)));
                rig.attach(tenant, store, mine.getLast(), "{}");
            } else if (choice == 2) {
                rig.attach(tenant, store, mine.get(random.nextInt(mine.size())), "{}");
            } else if (choice == 3) {
                String file = mine.remove(random.nextInt(mine.size()));
                if (random.nextBoolean()) assertTrue(rig.files.delete(tenant, file, "test").isPresent());
                else assertTrue(rig.documents.detach(tenant, store.id(), file, "test").isPresent());
                deleted.add(file);
            } else {
                Set<String> gone = Set.copyOf(deleted);
                for (KnowledgeSearch.Result result : rig.search(tenant, store, text(random), 50, "").results()) {
                    assertTrue(!gone.contains(result.passage().fileId()), "a deleted file answers");
                }
            }
            ingestion.wake();
        }
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = 1 + random.nextInt(60); i > 0; i--) text.append(WORDS[random.nextInt(WORDS.length)]).append(". ");
        return text.toString();
    }

    /** Postings, frequencies and totals equal what the visible chunks would give. */
    private static void assertExact(KnowledgeRig rig, String tenant, String where) {
        rig.test.database().<Void>asTenant(tenant, handle -> {
            String visible = " FROM document d JOIN chunk c ON c.revision = d.visible_revision";
            assertEquals(handle.createQuery("SELECT count(*)" + visible).mapTo(Long.class).one(),
                    handle.createQuery("SELECT chunk_count FROM vector_store").mapTo(Long.class).one(), where);
            assertEquals(handle.createQuery("SELECT coalesce(sum(c.length), 0)" + visible).mapTo(Long.class).one(),
                    handle.createQuery("SELECT lexeme_total FROM vector_store").mapTo(Long.class).one(), where);
            assertEquals(handle.createQuery("SELECT string_agg(lexeme || n, ',' ORDER BY lexeme) FROM (SELECT w.lexeme,"
                    + " count(*) AS n" + visible + ", unnest(c.lexemes) w GROUP BY w.lexeme) x").mapTo(String.class)
                    .findOne(), handle.createQuery("SELECT string_agg(lexeme || chunk_count, ',' ORDER BY lexeme)"
                    + " FROM lexeme").mapTo(String.class).findOne(), where);
            assertEquals(handle.createQuery("SELECT count(*)" + visible + ", unnest(c.lexemes) w").mapTo(Long.class)
                    .one(), handle.createQuery("SELECT count(*) FROM posting").mapTo(Long.class).one(), where);
            assertEquals(0L, handle.createQuery("SELECT count(*) FROM document_revision r JOIN document d"
                    + " ON d.number = r.document WHERE r.number <> d.visible_revision").mapTo(Long.class).one(), where);
            return null;
        });
    }
}
