package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.knowledge.parsing.SampleDocuments;
import graft.registry.knowledge.Document;
import graft.registry.knowledge.KnowledgeStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What no parser can read, through the queue: each file fails with its reason, and the one behind them is found. */
class ParserTortureIT {
    private static final int LARGE = 100_000_000;

    private static Map<String, byte[]> documents() throws Exception {
        byte[] pdf = SampleDocuments.pdf();
        byte[] docx = SampleDocuments.docx();
        byte[] large = new byte[LARGE];
        Arrays.fill(large, (byte) 'w');
        for (int i = 0; i < LARGE; i += 7) large[i] = ' ';
        Map<String, byte[]> documents = new LinkedHashMap<>();
        documents.put("truncated.pdf", Arrays.copyOf(pdf, 64));
        documents.put("truncated.docx", Arrays.copyOf(docx, docx.length / 2));
        documents.put("bomb.docx", SampleDocuments.zipBomb());
        documents.put("large.txt", large);
        documents.put("pdf.txt", pdf);
        documents.put("docx.pdf", docx);
        documents.put("docx.pptx", docx);
        documents.put("zip.md", docx);
        documents.put("text.docx", "just words".getBytes(StandardCharsets.UTF_8));
        documents.put("encrypted.pdf", SampleDocuments.encryptedPdf());
        documents.put("encrypted.docx", SampleDocuments.encryptedDocx());
        documents.put("empty.txt", new byte[0]);
        documents.put("empty.pdf", new byte[0]);
        documents.put("empty.docx", new byte[0]);
        documents.put("empty.html", new byte[0]);
        documents.put("latin.txt", new byte[] {'a', (byte) 0xE9, 'b'});
        return documents;
    }

    @Test
    void everyOneFailsWithItsReasonAndTheQueueGoesOn() throws Exception {
        try (KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text()); Ingestion ingestion = rig.ingestion()) {
            String tenant = rig.tenant("torture");
            KnowledgeStore store = rig.store(tenant);
            Map<String, String> files = new LinkedHashMap<>();
            documents().forEach((name, bytes) -> {
                files.put(name, rig.upload(tenant, name, bytes));
                rig.attach(tenant, store, files.get(name), "{}");
            });
            String good = rig.upload(tenant, "good.txt", "Station Orla has one pump.");
            rig.attach(tenant, store, good, "{}");
            ingestion.start();
            KnowledgeRig.await(Duration.ofMinutes(2), () -> rig.counts(tenant, store).inProgress() == 0);
            files.forEach((name, file) -> {
                Document document = rig.documents.find(tenant, store.id(), file).orElseThrow();
                assertEquals(Document.Status.FAILED, document.status(), name);
                assertFalse(document.error().orElseThrow().message().isBlank(), name);
                assertTrue(rig.documents.text(tenant, store.id(), file).isEmpty(), name);
                System.out.println("ParserTortureIT " + name + ": " + document.error().get().code() + " "
                        + document.error().get().message());
            });
            assertEquals(good, rig.search(tenant, store, "Orla", 1, "").results().getFirst().passage().fileId());
        }
    }
}
