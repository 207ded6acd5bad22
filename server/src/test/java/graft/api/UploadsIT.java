package graft.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.Caller;
import graft.knowledge.Ingestion;
import graft.knowledge.KnowledgeRig;
import graft.knowledge.WordEmbedder;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.whole.WholeStoreDao;
import graft.registry.tenant.Scope;
import graft.registry.usage.IdempotencyDao;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uploads in parts, and retrievals that are read again. */
class UploadsIT {
    @TempDir Path spool;
    private KnowledgeRig rig;
    private String tenant;
    private TestServer server;

    @BeforeEach
    void start() {
        rig = new KnowledgeRig(WordEmbedder.text());
        tenant = rig.tenant("owner");
        server = new TestServer(List.of(new FilesResource(rig.files, spool, 5 << 20),
                new UploadsResource(rig.uploads, rig.files, spool, new UploadsResource.Bounds(5 << 20, 2 << 20, 2,
                        Duration.ofHours(1))), new ReplayResource(rig.retrievals,
                                new WholeStoreDao(rig.test.database()))),
                Map.of("owner", new Caller(tenant, "owner", "key", Set.of(Scope.KNOWLEDGE)), "stranger",
                        new Caller(rig.tenant("stranger"), "stranger", "other", Set.of(Scope.KNOWLEDGE))), 1 << 20);
    }

    @AfterEach
    void stop() {
        server.close();
        rig.close();
    }

    private JsonNode post(int status, String path, String json) {
        return read(status, server.send("owner", "POST", "/v1/uploads" + path, json));
    }

    private static JsonNode read(int status, HttpResponse<byte[]> reply) {
        assertEquals(status, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
        return Json.tree(reply.body());
    }

    private JsonNode begin(int status, long bytes) {
        return post(status, "", "{\"filename\":\"big.txt\",\"purpose\":\"assistants\",\"bytes\":" + bytes
                + ",\"mime_type\":\"text/plain\"}");
    }

    private HttpResponse<byte[]> part(String key, String upload, byte[] bytes) {
        return server.send(key, "POST", "/v1/uploads/" + upload + "/parts", MultipartBody.TYPE,
                new MultipartBody().file("data", "blob", bytes).bytes());
    }

    private static String ids(String... ids) {
        return "{\"part_ids\":[\"" + String.join("\",\"", ids) + "\"]";
    }

    @Test
    void partsBecomeAFileInTheOrderThatIsNamed() throws Exception {
        long seed = System.nanoTime();
        System.out.println("UploadsIT seed=" + seed);
        byte[] file = new byte[(3 << 20) + 17];
        new Random(seed).nextBytes(file);
        String id = begin(200, file.length).path("id").asText();
        byte[] head = java.util.Arrays.copyOf(file, 2 << 20);
        byte[] tail = java.util.Arrays.copyOfRange(file, 2 << 20, file.length);
        String second = read(200, part("owner", id, tail)).path("id").asText();
        String first = read(200, part("owner", id, head)).path("id").asText();
        assertEquals("part_ids", post(400, "/" + id + "/complete", ids(first) + "}").at("/error/param").asText());
        assertEquals("md5", post(400, "/" + id + "/complete", ids(second, first) + ",\"md5\":\"0\"}")
                .at("/error/param").asText());
        String md5 = HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(file));
        JsonNode done = post(200, "/" + id + "/complete", ids(first, second) + ",\"md5\":\"" + md5 + "\"}");
        assertEquals("completed", done.path("status").asText());
        assertEquals(file.length, done.at("/file/bytes").asLong());
        assertArrayEquals(file, server.get("owner", "/v1/files/" + done.at("/file/id").asText() + "/content").body());
        assertEquals(409, part("owner", id, tail).statusCode());
        assertEquals(0L, (long) rig.test.database().asOperator(handle -> handle.createQuery(
                "SELECT count(*) FROM upload_piece").mapTo(Long.class).one()));
    }

    @Test
    void uploadsAreBoundedCancelledExpireAndAreTheTenantsOwn() {
        assertEquals(413, begin(413, 6 << 20).path("error").isObject() ? 413 : 0);
        String id = begin(200, 10).path("id").asText();
        assertEquals(404, part("stranger", id, new byte[3]).statusCode());
        assertEquals(413, part("owner", id, new byte[11]).statusCode());
        assertEquals(413, part("owner", id, new byte[(2 << 20) + 1]).statusCode());
        String part = read(200, part("owner", id, new byte[10])).path("id").asText();
        String other = begin(200, 10).path("id").asText();
        begin(409, 10);
        post(400, "/" + other + "/complete", ids(part) + "}");
        assertEquals("cancelled", post(200, "/" + id + "/cancel", "{}").path("status").asText());
        post(409, "/" + id + "/complete", ids(part) + "}");
        rig.test.database().asOperator(handle -> handle.execute("UPDATE upload SET expires_at = now()"));
        assertEquals(409, part("owner", other, new byte[1]).statusCode());
        assertTrue(rig.uploads.purge(10) == 2);
        assertEquals(404, part("owner", other, new byte[1]).statusCode());
    }

    @Test
    void aRetrievalIsReadAgainUntilAPartOfItIsDeleted() {
        try (Ingestion ingestion = rig.ingestion()) {
            ingestion.start();
            KnowledgeStore store = rig.store(tenant);
            String file = rig.upload(tenant, "pump.md", "The pump\r\nweighs 134 kg. \uD83D\uDE80");
            rig.attach(tenant, store, file, "{}");
            ingestion.wake();
            KnowledgeRig.await(Duration.ofSeconds(30), () -> rig.counts(tenant, store).completed() == 1);
            String path = "/admin/v1/retrievals/" + rig.search(tenant, store, "pump", 3, "").retrievalId() + "/replay";
            JsonNode replay = read(200, server.get("owner", path));
            assertEquals("The pump\r\nweighs 134 kg. \uD83D\uDE80", replay.at("/passages/0/text").asText());
            assertEquals(404, server.get("stranger", path).statusCode());
            assertTrue(rig.files.delete(tenant, file, "test").isPresent());
            assertEquals("gone", read(410, server.get("owner", path)).at("/error/code").asText());
        }
    }

    @Test
    void aKeptReplyThatShowsADeletedDocumentIsGone() {
        IdempotencyDao replies = new IdempotencyDao(rig.test.database(), Duration.ofHours(1), Duration.ofHours(1));
        KnowledgeStore store = rig.store(tenant);
        List<String> files = List.of(rig.upload(tenant, "a.md", "a"), rig.upload(tenant, "b.md", "b"),
                rig.upload(tenant, "c.md", "c"));
        rig.attach(tenant, store, files.get(0), "{}");
        rig.files.delete(tenant, files.get(2), "test");
        List<Integer> statuses = new ArrayList<>();
        for (String file : files) {
            replies.begin(tenant, file, new byte[32], "req", "server");
            replies.finish(tenant, file, "req", new IdempotencyDao.Found.Done(200, "application/json",
                    ("{\"file_id\":\"" + file + "\",\"quote\":\"secret\"}").getBytes(StandardCharsets.UTF_8)));
        }
        rig.documents.detach(tenant, store.id(), files.get(0), "test");
        for (String file : files) {
            var found = (IdempotencyDao.Found.Done) replies.begin(tenant, file, new byte[32], "again", "server");
            statuses.add(found.status());
            assertEquals(found.status() == 200, new String(found.body(), StandardCharsets.UTF_8).contains("secret"));
        }
        assertEquals(List.of(410, 200, 410), statuses);
    }
}
