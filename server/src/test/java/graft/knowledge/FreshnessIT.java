package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.knowledge.Document;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.SearchDao.FoundChunk;
import graft.registry.knowledge.SearchDao.Hit;
import graft.registry.knowledge.SearchDao.Scope;
import java.time.Duration;
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
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Documents are replaced and deleted while both legs are asked without a pause. */
class FreshnessIT {
    private static final int PROBES = 10_000;
    private static final int ASKERS = 4;
    private static final int DOCUMENTS = 12;
    private final Set<String> deleted = ConcurrentHashMap.newKeySet();
    private final AtomicInteger probes = new AtomicInteger();
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicBoolean asking = new AtomicBoolean(true);

    @Test
    void aReplacedDocumentAnswersAtOnceAndADeletedOneNeverAgain() throws Exception {
        long seed = System.nanoTime();
        System.out.println("FreshnessIT seed=" + seed);
        try (KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text()); Ingestion ingestion = rig.ingestion();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            ingestion.start();
            String tenant = rig.tenant("fresh");
            KnowledgeStore store = rig.store(tenant);
            Future<Integer> replaced = threads.submit(() -> replace(rig, tenant, store, new Random(seed), ingestion));
            List<Future<?>> askers = new ArrayList<>();
            for (int i = 0; i < ASKERS; i++) {
                Random random = new Random(seed + 1 + i);
                askers.add(threads.submit(() -> probe(rig, tenant, store, random)));
            }
            for (Future<?> asker : askers) asker.get();
            asking.set(false);
            System.out.println("FreshnessIT probes=" + probes + " passages=" + answers + " replaced=" + replaced.get()
                    + " deleted=" + deleted.size() + " stale=0");
            assertTrue(replaced.get() > 10 && answers.get() > PROBES, "too little happened");
        }
    }

    /** As long as others ask: a new edition of a document comes, answers, and the old one goes. */
    private int replace(KnowledgeRig rig, String tenant, KnowledgeStore store, Random random, Ingestion ingestion) {
        String[] current = new String[DOCUMENTS];
        int editions = 0;
        while (asking.get()) {
            int place = random.nextInt(DOCUMENTS);
            String mark = "edition" + ++editions;
            String file = rig.upload(tenant, "doc-" + place + ".txt", "Topic " + place + " says " + mark + " today.");
            rig.attach(tenant, store, file, "{}");
            ingestion.wake();
            KnowledgeRig.await(Duration.ofSeconds(30), () -> rig.documents.find(tenant, store.id(), file).orElseThrow()
                    .status() == Document.Status.COMPLETED);
            assertEquals(file, rig.search(tenant, store, mark, 1, "").results().getFirst().passage().fileId(), mark);
            if (current[place] != null) {
                if (random.nextBoolean()) assertTrue(rig.files.delete(tenant, current[place], "test").isPresent());
                else assertTrue(rig.documents.detach(tenant, store.id(), current[place], "test").isPresent());
                deleted.add(current[place]);
            }
            current[place] = file;
        }
        return editions;
    }

    private void probe(KnowledgeRig rig, String tenant, KnowledgeStore store, Random random) {
        SearchDao search = rig.legs;
        while (probes.incrementAndGet() <= PROBES) {
            Set<String> gone = Set.copyOf(deleted);
            String question = "topic " + random.nextInt(DOCUMENTS) + " edition" + random.nextInt(200) + " says today";
            Scope scope = new Scope(List.copyOf(search.stores(tenant, List.of(store.id())).values()), Optional.empty());
            List<Hit> hits = random.nextBoolean() ? search.lexical(tenant, scope, question, 20)
                    : search.nearest(tenant, scope, rig.embedder.embedQuestions(List.of(question)).vectors()
                            .getFirst(), 20);
            for (FoundChunk chunk : search.chunks(tenant, hits.stream().map(Hit::chunk).toList())) {
                assertFalse(gone.contains(chunk.fileId()), () -> "a deleted document answers: " + chunk);
                answers.incrementAndGet();
            }
        }
        probes.decrementAndGet();
    }
}
