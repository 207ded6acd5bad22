package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.Embedder;
import graft.knowledge.retrieval.Expansion;
import graft.knowledge.retrieval.Ranking;
import graft.registry.knowledge.Document;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.RetrievalDao;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class KnowledgeSearchIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static KnowledgeRig rig;
    private static Ingestion ingestion;

    @BeforeAll
    static void open() {
        rig = new KnowledgeRig(WordEmbedder.text());
        ingestion = rig.ingestion();
        ingestion.start();
    }

    @AfterAll
    static void close() {
        ingestion.close();
        rig.close();
    }

    @Test
    void aPassageIsTheStoredTextsSliceAndTheSearchIsOnRecord() {
        String tenant = rig.tenant("reader");
        KnowledgeStore store = rig.store(tenant);
        String text = "# \ud834\udd1e Pumpen\r\n\r\nDie Pumpe wiegt 134 kg. \ud83d\ude80\r\n\r\n## Pflege\r\n\r\n"
                + "Sie wird jährlich gewartet.\r\n";
        String file = indexed(tenant, store, "pumpen.md", text, "{}");
        Retrieval.Retrieved found = rig.search.retrieve(new Retrieval.Question(tenant, List.of(store.id()),
                "Wie schwer ist die Pumpe?", 4, Optional.empty(), "auto", Optional.of(new Retrieval.Reader("raft-v1",
                        Optional.of("abc")))));
        Passage passage = found.passages().getFirst();
        int[] points = text.codePoints().toArray();
        assertEquals(new String(points, passage.start(), passage.end() - passage.start()), passage.text());
        assertEquals(file, passage.fileId());
        assertTrue(passage.chunkId().startsWith(passage.revision()));
        assertEquals(text, rig.documents.text(tenant, store.id(), file).orElseThrow());
        String record = rig.retrievals.find(tenant, found.retrievalId()).orElseThrow().entry().candidates();
        assertTrue(record.contains(passage.chunkId()) && record.contains("lexical") && record.contains("vector"),
                record);
        assertFalse(record.contains("Pumpe"), "no document text is on record");
        assertEquals(Optional.of(new RetrievalDao.Reader("raft-v1", Optional.of("abc"))), rig.retrievals.find(tenant,
                found.retrievalId()).orElseThrow().entry().reader());
        assertTrue(rig.retrievals.find(rig.tenant("other"), found.retrievalId()).isEmpty());
    }

    @Test
    void aRecordSaysWhyACandidateWasDropped() {
        String tenant = rig.tenant("auditor");
        KnowledgeStore store = rig.store(tenant);
        for (String text : List.of("pump valve", "a pump", "a relay")) {
            indexed(tenant, store, "a.txt", text, "{}");
        }
        String crowded = rig.search(tenant, store, "pump valve", 1, "").retrievalId();
        String strict = rig.search.search(new KnowledgeSearch.Request(tenant, List.of(store.id()),
                List.of("pump valve"), 10, Optional.empty(), 1)).retrievalId();
        assertEquals(List.of("", "max_num_results", "max_num_results"), dropped(tenant, crowded));
        assertEquals(List.of("", "score_threshold", "score_threshold"), dropped(tenant, strict));
        assertTrue(rig.retrievals.find(tenant, strict).orElseThrow().entry().reader().isEmpty());
    }

    private static List<String> dropped(String tenant, String retrieval) {
        return rig.test.database().asTenant(tenant, handle -> handle.createQuery("""
                SELECT coalesce(one ->> 'dropped', '') FROM retrieval, jsonb_array_elements(candidates) one
                WHERE id = :id""").bind("id", retrieval).mapTo(String.class).list());
    }

    @Test
    void aFilterNeverMakesAResultShorterThanItMust() {
        String tenant = rig.tenant("filterer");
        KnowledgeStore store = rig.store(tenant);
        for (int i = 0; i < 150; i++) {
            rig.attach(tenant, store, rig.upload(tenant, i + ".txt", "The pump number " + i + " is a pump."),
                    "{\"n\": " + i + "}");
        }
        ingestion.wake();
        KnowledgeRig.await(PATIENCE, () -> rig.counts(tenant, store).completed() == 150);
        assertEquals(20, rig.search(tenant, store, "pump", 20, "").results().size());
        assertEquals(3, rig.search(tenant, store, "pump", 20,
                "{\"type\":\"gte\",\"key\":\"n\",\"value\":147}").results().size());
        assertEquals(50, rig.search(tenant, store, "no word of it", 50,
                "{\"type\":\"lt\",\"key\":\"n\",\"value\":120}").results().size());
        List<String> first = ids(rig.search(tenant, store, "pump", 50, ""));
        for (int i = 0; i < 5; i++) assertEquals(first, ids(rig.search(tenant, store, "pump", 50, "")));
    }

    @Test
    void aPassageGrowsToItsNeighboursOrItsSectionAndStaysASliceOfTheText() {
        String tenant = rig.tenant("grower");
        KnowledgeStore store = rig.store(tenant);
        StringBuilder text = new StringBuilder("# Pumps \ud83d\ude80\n\nAll about pumps.\n");
        for (String name : List.of("Birch", "Otter", "Cedar")) {
            text.append("\n## ").append(name).append("\n\n");
            for (int i = 0; i < 24; i++) text.append("The " + name + " pump has part " + i + ". ");
            text.append('\n');
        }
        String file = rig.upload(tenant, "pumps.md", text.toString());
        rig.documents.attach(tenant, store.id(), List.of(new graft.registry.knowledge.DocumentDao.NewDocument(file,
                "{}", new Document.Chunking(100, 0))), false);
        ingestion.wake();
        KnowledgeRig.await(PATIENCE, () -> rig.counts(tenant, store).completed() == 1);
        Passage alone = first(tenant, store, Expansion.Kind.NONE);
        Passage neighbours = first(tenant, store, Expansion.Kind.NEIGHBOURS);
        Passage section = first(tenant, store, Expansion.Kind.SECTION);
        assertTrue(alone.text().contains("Otter pump has part 20"), alone.text());
        assertTrue(neighbours.text().contains(alone.text()) && neighbours.text().length() > alone.text().length());
        assertTrue(section.text().startsWith("## Otter"), section.text());
        assertTrue(section.text().endsWith("part 23.") && !section.text().contains("Birch"), section.text());
        int[] points = text.toString().codePoints().toArray();
        for (Passage passage : List.of(alone, neighbours, section)) {
            assertEquals(new String(points, passage.start(), passage.end() - passage.start()), passage.text());
        }
    }

    private static Passage first(String tenant, KnowledgeStore store, Expansion.Kind kind) {
        return rig.search.search(new KnowledgeSearch.Request(tenant, List.of(store.id()), List.of("Otter part 20"), 3,
                Optional.empty(), 0, new KnowledgeSearch.Manner(Ranking.FUSED, kind, false))).results().getFirst()
                .passage();
    }

    @Test
    void aLegAloneIsRankedAndRecordedAlone() {
        String tenant = rig.tenant("measurer");
        KnowledgeStore store = rig.store(tenant);
        indexed(tenant, store, "a.txt", "the old valve", "{}");
        for (Ranking ranking : List.of(Ranking.BM25, Ranking.VECTOR)) {
            KnowledgeSearch.Results found = rig.search.search(new KnowledgeSearch.Request(tenant, List.of(store.id()),
                    List.of("old valve", "valve"), 10, Optional.empty(), 0, new KnowledgeSearch.Manner(ranking,
                    Expansion.Kind.NONE, false)));
            assertEquals(1, found.results().getFirst().passage().score(), 1e-9);
            String record = rig.retrievals.find(tenant, found.retrievalId()).orElseThrow().entry().candidates();
            assertEquals(ranking == Ranking.BM25, record.contains("lexical"), record);
            assertEquals(ranking == Ranking.VECTOR, record.contains("vector"), record);
            assertEquals(ranking == Ranking.VECTOR, found.stages().containsKey("embed"));
        }
    }

    @Test
    void aDeletedFileIsNeverFoundAgainAndAReplacedOneAtOnce() {
        String tenant = rig.tenant("deleter");
        KnowledgeStore store = rig.store(tenant);
        String gone = indexed(tenant, store, "a.txt", "the old valve", "{}");
        String kept = indexed(tenant, store, "b.txt", "the new valve", "{}");
        assertEquals(2, rig.search(tenant, store, "valve", 10, "").results().size());
        assertTrue(rig.files.delete(tenant, gone, "test").isPresent());
        assertEquals(List.of(kept), rig.search(tenant, store, "old valve", 10, "").results().stream()
                .map(result -> result.passage().fileId()).toList());
    }

    @Test
    void anUnreadableFileFailsWithItsReasonAndTheQueueGoesOn() {
        String tenant = rig.tenant("failer");
        KnowledgeStore store = rig.store(tenant);
        String pdf = rig.upload(tenant, "a.pdf", "%PDF-1.7");
        rig.attach(tenant, store, pdf, "{}");
        indexed(tenant, store, "b.txt", "fine", "{}");
        Document failed = rig.documents.find(tenant, store.id(), pdf).orElseThrow();
        assertEquals(Document.Status.FAILED, failed.status());
        assertEquals("invalid_file", failed.error().orElseThrow().code());
        assertTrue(failed.error().orElseThrow().message().contains("PDF"));
        assertEquals(1, rig.counts(tenant, store).failed());
    }

    @Test
    void foreignAndAbsentStoresAreUnknownAlike() {
        String tenant = rig.tenant("stranger");
        KnowledgeStore foreign = rig.store(rig.tenant("owner"));
        assertThrows(Retrieval.UnknownStoreException.class, () -> rig.search(tenant, foreign, "x", 1, ""));
        assertThrows(Retrieval.UnknownStoreException.class, () -> rig.search.retrieve(new Retrieval.Question(tenant,
                List.of("vs_absent"), "x", 1, Optional.empty(), "auto")));
        assertThrows(Filters.InvalidFilterException.class, () -> rig.search(tenant, rig.store(tenant), "x", 1, "{}"));
    }

    @Test
    void aWorkerThatDiesLeavesItsWorkToTheNext() {
        try (KnowledgeRig own = new KnowledgeRig(WordEmbedder.text())) {
            String tenant = own.tenant("resumer");
            KnowledgeStore store = own.store(tenant);
            String text = IntStream.range(0, 4000).mapToObj(i -> "Sentence number " + i + " speaks of pumps.")
                    .collect(Collectors.joining(" "));
            String file = own.upload(tenant, "long.txt", text);
            own.attach(tenant, store, file, "{}");
            AtomicInteger calls = new AtomicInteger();
            TextEmbedder dying = new TextEmbedder(new Dying(calls, 6), new WordEmbedder.Words());
            Ingestion.Settings impatient = new Ingestion.Settings(1, 8, Duration.ofSeconds(5), Duration.ofMillis(20), 3,
                    Duration.ZERO, Duration.ofSeconds(20), true);
            try (Ingestion first = new Ingestion(own.files, own.queue, dying, impatient)) {
                first.start();
                KnowledgeRig.await(PATIENCE, () -> own.counts(tenant, store).completed() == 1);
            }
            assertTrue(calls.get() > 6, "it died once");
            int chunks = own.search(tenant, store, "pumps", 50, "").results().size();
            assertTrue(chunks > 20, "chunks " + chunks);
            assertEquals(text, own.documents.text(tenant, store.id(), file).orElseThrow());
            int embedded = calls.get();
            int windows = own.test.database().asOperator(handle -> handle.createQuery("SELECT count(*) FROM embedding")
                    .mapTo(Integer.class).one());
            assertTrue(embedded * 8 < windows * 2, "what was written before is not embedded again: " + embedded
                    + " calls for " + windows + " windows");
        }
    }

    /** Fails once, in the middle of a document. */
    private record Dying(AtomicInteger calls, int dies) implements Embedder {
        @Override
        public String id() {
            return "words";
        }

        @Override
        public int dimensions() {
            return 384;
        }

        @Override
        public int window() {
            return 64;
        }

        @Override
        public List<float[]> embed(List<int[]> texts) {
            if (calls.incrementAndGet() == dies) throw new IllegalStateException("the embedder died");
            try (WordEmbedder words = new WordEmbedder()) {
                return words.embed(texts);
            }
        }

        @Override
        public void close() {}
    }

    private static List<String> ids(KnowledgeSearch.Results results) {
        return results.results().stream().map(result -> result.passage().chunkId()).toList();
    }

    private static String indexed(String tenant, KnowledgeStore store, String filename, String text,
            String attributes) {
        String file = rig.upload(tenant, filename, text);
        rig.attach(tenant, store, file, attributes);
        ingestion.wake();
        KnowledgeRig.await(PATIENCE, () -> rig.counts(tenant, store).inProgress() == 0);
        return file;
    }
}
