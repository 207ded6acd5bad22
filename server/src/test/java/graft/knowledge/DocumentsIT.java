package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.knowledge.parsing.SampleDocuments;
import graft.registry.knowledge.Document;
import graft.registry.knowledge.KnowledgeStore;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A document of each kind through the queue to a passage, whose offsets count in the stored text. */
class DocumentsIT {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @Test
    void everyKindIsFoundAndItsPassageIsTheStoredTextsSlice() throws IOException {
        Map<String, byte[]> documents = Map.of("a.html", SampleDocuments.html(), "b.eml", SampleDocuments.email(),
                "c.pdf", SampleDocuments.pdf(), "d.docx", SampleDocuments.docx(), "e.xlsx", SampleDocuments.xlsx(),
                "f.pptx", SampleDocuments.pptx());
        try (KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text()); Ingestion ingestion = rig.ingestion()) {
            ingestion.start();
            String tenant = rig.tenant("reader");
            documents.forEach((name, bytes) -> {
                KnowledgeStore store = rig.store(tenant);
                String file = rig.upload(tenant, name, bytes);
                rig.attach(tenant, store, file, "{}");
                ingestion.wake();
                KnowledgeRig.await(PATIENCE, () -> rig.counts(tenant, store).inProgress() == 0);
                Document document = rig.documents.find(tenant, store.id(), file).orElseThrow();
                assertEquals(Optional.empty(), document.error());
                List<Passage> passages = rig.search.retrieve(new Retrieval.Question(tenant, List.of(store.id()),
                        "Orla", 4, Optional.empty(), "auto")).passages();
                assertEquals(file, passages.getFirst().fileId(), name);
                String stored = rig.documents.text(tenant, store.id(), file).orElseThrow();
                assertTrue(stored.startsWith("# "), stored);
                int[] points = stored.codePoints().toArray();
                for (Passage passage : passages) {
                    assertEquals(new String(points, passage.start(), passage.end() - passage.start()), passage.text());
                }
            });
        }
    }

    @Test
    void aDocumentThatCannotBeReadLeavesNothingAndTheNextOneIsRead() throws IOException {
        try (KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text()); Ingestion ingestion = rig.ingestion()) {
            ingestion.start();
            String tenant = rig.tenant("failer");
            KnowledgeStore store = rig.store(tenant);
            byte[] pdf = SampleDocuments.pdf();
            String broken = rig.upload(tenant, "a.pdf", Arrays.copyOf(pdf, 64));
            rig.attach(tenant, store, broken, "{}");
            rig.attach(tenant, store, rig.upload(tenant, "b.pdf", pdf), "{}");
            ingestion.wake();
            KnowledgeRig.await(PATIENCE, () -> rig.counts(tenant, store).completed() == 1);
            Document failed = rig.documents.find(tenant, store.id(), broken).orElseThrow();
            assertEquals(Document.Status.FAILED, failed.status());
            assertEquals("invalid_file", failed.error().orElseThrow().code());
            assertTrue(rig.documents.text(tenant, store.id(), broken).isEmpty());
        }
    }
}
