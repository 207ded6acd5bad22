package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.knowledge.parsing.SampleDocuments;
import graft.knowledge.retrieval.Expansion;
import graft.knowledge.retrieval.Ranking;
import graft.registry.knowledge.Document;
import graft.registry.knowledge.DocumentDao;
import graft.registry.knowledge.KnowledgeStore;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Pages of PDFs and slides, from the file to passages and citations. */
class PagesIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static KnowledgeStore store(KnowledgeRig rig, String tenant, String name, byte[] bytes, int tokens) {
        KnowledgeStore store = rig.store(tenant);
        rig.documents.attach(tenant, store.id(), List.of(new DocumentDao.NewDocument(
                rig.upload(tenant, name, bytes), "{}", new Document.Chunking(tokens, tokens / 2))), false);
        KnowledgeRig.await(PATIENCE, () -> rig.counts(tenant, store).completed() == 1);
        return store;
    }

    private static List<Passage> passages(KnowledgeRig rig, String tenant, KnowledgeStore store, Expansion.Kind kind) {
        return rig.search.search(new KnowledgeSearch.Request(tenant, List.of(store.id()), List.of("pump"), 50,
                Optional.empty(), 0, new KnowledgeSearch.Manner(Ranking.FUSED, kind, false))).results().stream()
                .map(KnowledgeSearch.Result::passage).toList();
    }

    @Test
    void aCitationSaysItsOwnPageAndNotItsPassages() throws IOException {
        try (KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text()); Ingestion ingestion = rig.ingestion()) {
            ingestion.start();
            String tenant = rig.tenant("reader");
            List<Passage> pdf = passages(rig, tenant, store(rig, tenant, "a.pdf", SampleDocuments.pdf(), 800),
                    Expansion.Kind.NONE);
            assertEquals(OptionalInt.of(1), pdf.getFirst().page());
            assertEquals(OptionalInt.of(1), Citations.find("The impeller weighs 12 kg.", 1, pdf).orElseThrow().page());
            assertEquals(OptionalInt.of(3), Citations.find("The shaft weighs 30 kg.", 1, pdf).orElseThrow().page());
            List<Passage> slides = passages(rig, tenant, store(rig, tenant, "a.pptx", SampleDocuments.pptx(), 800),
                    Expansion.Kind.NONE);
            assertEquals(OptionalInt.of(2), Citations.find("Ask Mara.", 1, slides).orElseThrow().page());
            List<Passage> text = passages(rig, tenant, store(rig, tenant, "a.txt", "one\n\f\nA pump.".getBytes(), 800),
                    Expansion.Kind.NONE);
            assertEquals(OptionalInt.empty(), text.getFirst().page());
        }
    }

    @Test
    void everyPassageOfALongDocumentSaysThePageItBeginsOnHoweverItIsGrown() throws IOException {
        try (KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text()); Ingestion ingestion = rig.ingestion()) {
            ingestion.start();
            String tenant = rig.tenant("reader");
            KnowledgeStore store = store(rig, tenant, "long.pdf", SampleDocuments.longPdf(12), 100);
            String file = passages(rig, tenant, store, Expansion.Kind.NONE).getFirst().fileId();
            int[] stored = rig.documents.text(tenant, store.id(), file).orElseThrow().codePoints().toArray();
            for (Expansion.Kind kind : Expansion.Kind.values()) {
                TreeSet<Integer> pages = new TreeSet<>();
                for (Passage passage : passages(rig, tenant, store, kind)) {
                    int page = 1;
                    for (int i = 0; i < passage.start(); i++) if (stored[i] == '\f') page++;
                    assertEquals(OptionalInt.of(page), passage.page(), kind + " " + passage.start());
                    pages.add(page);
                }
                assertTrue(kind != Expansion.Kind.NONE || pages.size() > 8, pages.toString());
            }
        }
    }
}
