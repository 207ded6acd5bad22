package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.Embedder;
import graft.registry.knowledge.KnowledgeStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** One worker, one document that takes long, and somebody else's that does not. */
class LongDocumentsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void aLongDocumentLetsAnotherTenantsGoFirstAndLosesNothing() {
        try (KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text())) {
            String slow = rig.tenant("slow");
            String quick = rig.tenant("quick");
            KnowledgeStore library = rig.store(slow);
            KnowledgeStore note = rig.store(quick);
            String text = IntStream.range(0, 2000).mapToObj(i -> "Sentence number " + i + " speaks of pumps.")
                    .collect(Collectors.joining(" "));
            String file = rig.upload(slow, "long.txt", text);
            rig.attach(slow, library, file, "{}");
            String other = rig.upload(quick, "short.txt", "one relay");
            Visited visited = new Visited(() -> rig.attach(quick, note, other, "{}"));
            TextEmbedder embedder = new TextEmbedder(visited, new WordEmbedder.Words());
            try (Ingestion ingestion = new Ingestion(rig.files, rig.queue, embedder, new Ingestion.Settings(1, 8,
                    Duration.ofSeconds(5), Duration.ofMillis(20), 1, Duration.ZERO, Duration.ZERO, true))) {
                ingestion.start();
                KnowledgeRig.await(PATIENCE, () -> rig.counts(slow, library).completed() == 1);
            }
            assertEquals(1, rig.counts(quick, note).completed());
            assertEquals(1, visited.lengths.get(2).size(), "the batch after the visit is the other's");
            assertEquals(text, rig.documents.text(slow, library.id(), file).orElseThrow());
            int windows = rig.test.database().asTenant(slow, handle -> handle.createQuery(
                    "SELECT count(*) FROM embedding").mapTo(Integer.class).one());
            assertEquals(windows, visited.embedded.get() - 1, "nothing is embedded twice");
            assertTrue(windows > 200, "windows " + windows);
        }
    }

    /** Counts what it is given, and has a visitor come during the second batch. */
    private static final class Visited implements Embedder {
        private final WordEmbedder words = new WordEmbedder();
        private final Runnable visitor;
        private final List<List<Integer>> lengths = new CopyOnWriteArrayList<>();
        private final AtomicInteger embedded = new AtomicInteger();

        Visited(Runnable visitor) {
            this.visitor = visitor;
        }

        @Override
        public String id() {
            return words.id();
        }

        @Override
        public int dimensions() {
            return words.dimensions();
        }

        @Override
        public int window() {
            return words.window();
        }

        @Override
        public List<float[]> embed(List<int[]> texts) {
            lengths.add(texts.stream().map(text -> text.length).toList());
            embedded.addAndGet(texts.size());
            if (lengths.size() == 2) visitor.run();
            return words.embed(texts);
        }

        @Override
        public void close() {
            words.close();
        }
    }
}
