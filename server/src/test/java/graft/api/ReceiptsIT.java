package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.Caller;
import graft.knowledge.Ingestion;
import graft.knowledge.KnowledgeRig;
import graft.knowledge.WordEmbedder;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.receipts.ReceiptDao;
import graft.registry.tenant.AuditDao;
import graft.registry.tenant.Scope;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What deletions say that they removed, against what was there. */
class ReceiptsIT {
    @TempDir Path spool;
    private KnowledgeRig rig;
    private Ingestion ingestion;
    private String tenant;
    private TestServer server;

    @BeforeEach
    void start() {
        rig = new KnowledgeRig(WordEmbedder.text());
        ingestion = rig.ingestion();
        ingestion.start();
        tenant = rig.tenant("owner");
        VectorStoreFilesResource files = new VectorStoreFilesResource(rig.stores, rig.documents, ingestion, 10);
        server = new TestServer(List.of(new FilesResource(rig.files, spool, 5 << 20), files,
                new VectorStoresResource(rig.stores, files, rig.embedder),
                new ReceiptsResource(new ReceiptDao(rig.test.database()))),
                Map.of("owner", new Caller(tenant, "owner", "key-7", Set.of(Scope.KNOWLEDGE)),
                        "stranger", new Caller(rig.tenant("stranger"), "stranger", "other", Set.of(Scope.KNOWLEDGE)),
                        "admin", new Caller("operator", "operator", "root", Set.of(Scope.ADMIN))), 1 << 20);
    }

    @AfterEach
    void stop() {
        server.close();
        ingestion.close();
        rig.close();
    }

    private KnowledgeStore filled(String... files) {
        KnowledgeStore store = rig.store(tenant);
        for (String file : files) rig.attach(tenant, store, file, "{}");
        KnowledgeRig.await(Duration.ofSeconds(30), () -> rig.counts(tenant, store).completed() == files.length);
        return store;
    }

    private String sheet(String filename, int sections) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < sections; i++) {
            text.append("# Section ").append(i).append("\n\n").append("The pump of hall ".repeat(300)).append("\n\n");
        }
        return rig.upload(tenant, filename, text.toString());
    }

    private long count(String table) {
        return rig.test.database().asOperator(handle -> handle.createQuery("SELECT count(*) FROM " + table)
                .mapTo(Long.class).one());
    }

    private JsonNode send(int status, String key, String method, String path) {
        HttpResponse<byte[]> reply = server.send(key, method, path, "");
        assertEquals(status, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
        return Json.tree(reply.body());
    }

    private static String sha256(String text) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256")
                .digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** As openapi.yaml says that it is made. */
    private static void assertDigestsHold(JsonNode receipt) throws Exception {
        StringBuilder revisions = new StringBuilder();
        receipt.path("revisions").forEach(one -> revisions.append(one.path("revision").asText()).append(' ')
                .append(one.path("file_id").asText()).append(' ').append(one.path("vector_store_id").asText())
                .append(' ').append(one.path("text_sha256").asText()).append('\n'));
        assertEquals(sha256(revisions.toString()), receipt.path("revisions_digest").asText());
        StringBuilder lines = new StringBuilder();
        for (String field : List.of("id", "tenant_id", "created_at", "actor", "kind", "object_id")) {
            lines.append(receipt.path(field).asText()).append('\n');
        }
        receipt.path("vector_store_ids").forEach(one -> lines.append(one.asText()).append('\n'));
        for (String field : List.of("documents", "revisions", "chunks", "vectors", "postings", "pinned_prefixes",
                "bytes")) lines.append(receipt.path("removed").path(field).asLong()).append('\n');
        lines.append(receipt.path("revisions_digest").asText()).append('\n');
        assertEquals(sha256(lines.toString()), receipt.path("digest").asText());
    }

    @Test
    void aDeletedFilesReceiptCountsWhatWasThereAndIsReadLater() throws Exception {
        String file = sheet("pump.md", 3);
        KnowledgeStore one = filled(file);
        KnowledgeStore two = filled(file);
        long[] before = {count("chunk"), count("embedding"), count("posting")};
        assertTrue(before[0] > 2 && before[1] >= before[0] && before[2] > 0);
        String text = rig.documents.text(tenant, one.id(), file).orElseThrow();

        JsonNode reply = send(200, "owner", "DELETE", "/v1/files/" + file);
        JsonNode receipt = reply.at("/graft/receipt");
        assertTrue(reply.path("deleted").asBoolean());
        assertEquals("file", receipt.path("kind").asText());
        assertEquals(file, receipt.path("object_id").asText());
        assertEquals("key-7", receipt.path("actor").asText());
        assertEquals(2, receipt.at("/removed/documents").asInt());
        assertEquals(2, receipt.at("/removed/revisions").asInt());
        assertEquals(before[0], receipt.at("/removed/chunks").asLong());
        assertEquals(before[1], receipt.at("/removed/vectors").asLong());
        assertEquals(before[2], receipt.at("/removed/postings").asLong());
        assertEquals(3L * text.length(), receipt.at("/removed/bytes").asLong());
        assertEquals(Set.of(one.id(), two.id()), Set.of(receipt.at("/vector_store_ids/0").asText(),
                receipt.at("/vector_store_ids/1").asText()));
        assertEquals(sha256(text), receipt.at("/revisions/0/text_sha256").asText());
        assertDigestsHold(receipt);
        assertEquals(0, count("chunk") + count("embedding") + count("posting") + count("document"));
        assertFalse(receipt.toString().contains("hall"));

        String path = "/admin/v1/receipts/" + receipt.path("id").asText();
        assertEquals(receipt, send(200, "owner", "GET", path));
        assertEquals(receipt, send(200, "admin", "GET", path));
        send(404, "stranger", "GET", path);
        assertEquals(0, send(200, "stranger", "GET", "/admin/v1/receipts").path("data").size());
        AuditDao.Entry entry = new AuditDao(rig.test.database()).list(new AuditDao.Filter(Optional.of(tenant),
                Optional.empty(), Optional.empty()), OptionalLong.empty(), 1).getFirst();
        assertEquals("file.delete", entry.action());
        JsonNode details = Json.tree(entry.details().getBytes(StandardCharsets.UTF_8));
        assertEquals(receipt.path("digest"), details.path("digest"));
        send(404, "owner", "DELETE", "/v1/files/" + file);
    }

    @Test
    void documentsAndStoresHaveReceiptsTooWithThePrefixesThatHeldThem() throws Exception {
        String first = sheet("one.md", 2);
        String second = sheet("two.md", 1);
        KnowledgeStore store = filled(first, second);
        pinned(store, "null");
        pinned(store, "null");
        pinned(store, "{\"type\":\"eq\",\"key\":\"a\",\"value\":1}");
        JsonNode document = send(200, "owner", "DELETE", "/v1/vector_stores/" + store.id() + "/files/" + first)
                .at("/graft/receipt");
        assertEquals("vector_store.file", document.path("kind").asText());
        assertEquals(2, document.at("/removed/pinned_prefixes").asInt());
        assertEquals(1, document.path("revisions").size());
        assertDigestsHold(document);

        long[] left = {count("chunk"), count("embedding"), count("posting")};
        JsonNode whole = send(200, "owner", "DELETE", "/v1/vector_stores/" + store.id()).at("/graft/receipt");
        assertEquals("vector_store", whole.path("kind").asText());
        assertEquals(1, whole.at("/removed/documents").asInt());
        assertEquals(left[0], whole.at("/removed/chunks").asLong());
        assertEquals(left[1], whole.at("/removed/vectors").asLong());
        assertEquals(left[2], whole.at("/removed/postings").asLong());
        // The prefixes of before held a store that was another one already.
        assertEquals(0, whole.at("/removed/pinned_prefixes").asInt());
        assertDigestsHold(whole);

        JsonNode listed = send(200, "owner", "GET", "/admin/v1/receipts?limit=1");
        assertEquals(whole, listed.at("/data/0"));
        assertTrue(listed.path("has_more").asBoolean());
        assertEquals(document, send(200, "owner", "GET", "/admin/v1/receipts?after=" + whole.path("id").asText())
                .at("/data/0"));
        assertEquals(1, send(200, "owner", "GET", "/admin/v1/receipts?object_id=" + first).path("data").size());
    }

    private void pinned(KnowledgeStore store, String filters) {
        long revision = rig.stores.find(tenant, store.id()).orElseThrow().revision();
        rig.retrievals.record(tenant, new RetrievalDao.Entry("pinned", "[\"why?\"]", Optional.of(filters), 4,
                "[{\"id\":\"" + store.id() + "\",\"revision\":" + revision + ",\"embedder\":\"x\"}]", "[]", "{}",
                Optional.of(new RetrievalDao.Reader("documents-v1", Optional.empty()))));
    }

    @Test
    void whatHadItsTimeIsSaidToBeGoneByTheServer() throws Exception {
        KnowledgeStore store = filled(sheet("old.md", 1));
        assertTrue(rig.stores.empty(tenant, store.id()).isPresent());
        assertTrue(rig.stores.empty(tenant, store.id()).isEmpty());
        JsonNode receipt = send(200, "owner", "GET", "/admin/v1/receipts").at("/data/0");
        assertEquals("vector_store.expired", receipt.path("kind").asText());
        assertEquals("server", receipt.path("actor").asText());
        assertDigestsHold(receipt);
    }
}
