package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.Caller;
import graft.knowledge.IndexMeter;
import graft.knowledge.Ingestion;
import graft.knowledge.KnowledgeRig;
import graft.knowledge.WordEmbedder;
import graft.knowledge.parsing.Parser;
import graft.knowledge.parsing.SampleDocuments;
import graft.knowledge.web.WebHost;
import graft.knowledge.web.WebPages;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.tenant.Scope;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Documents that are named by a URL, from the request to the search. */
class WebSourcesIT {
    @TempDir Path spool;
    private final WebHost host = new WebHost();
    private KnowledgeRig rig;
    private Ingestion ingestion;
    private KnowledgeStore store;
    private String tenant;
    private TestServer server;

    @BeforeEach
    void start() {
        rig = new KnowledgeRig(WordEmbedder.text());
        tenant = rig.tenant("owner");
        store = rig.store(tenant);
        serve(new WebPages(new WebPages.Settings(List.of(), List.of("localhost:" + host.port()), 1 << 20,
                Duration.ofSeconds(5), 2)));
    }

    private void serve(WebPages pages) {
        ingestion = new Ingestion(rig.files, rig.queue, rig.embedder, new Parser(Parser.Settings.DEFAULTS), pages,
                IndexMeter.NONE, new Ingestion.Settings(1, 16, Duration.ofSeconds(15), Duration.ofMillis(20), 3,
                        Duration.ofMillis(20), Duration.ofSeconds(20), true));
        server = new TestServer(List.of(new FilesResource(rig.files, spool, 5 << 20),
                new VectorStoreFilesResource(rig.stores, rig.documents, ingestion, 10)),
                Map.of("owner", new Caller(tenant, "owner", "key", Set.of(Scope.KNOWLEDGE))), 1 << 20);
    }

    @AfterEach
    void stop() {
        server.close();
        ingestion.close();
        rig.close();
        host.close();
    }

    private JsonNode send(int status, String method, String path, String json) {
        HttpResponse<byte[]> reply = server.send("owner", method, path, json);
        assertEquals(status, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
        return Json.tree(reply.body());
    }

    private JsonNode add(int status, String url) {
        return send(status, "POST", "/v1/vector_stores/" + store.id() + "/files", "{\"graft\":{\"url\":\"" + url
                + "\"},\"attributes\":{\"from\":\"web\"}}");
    }

    private JsonNode ended(String file) {
        KnowledgeRig.await(Duration.ofSeconds(30), () -> !now(file).path("status").asText().equals("in_progress"));
        return now(file);
    }

    private JsonNode now(String file) {
        return send(200, "GET", "/v1/vector_stores/" + store.id() + "/files/" + file, "");
    }

    @Test
    void aUrlWaitsInTheQueueBecomesAFileAndIsFound() throws IOException {
        host.page("/handbook", "text/html", SampleDocuments.html()).page("/pump.pdf", "application/pdf",
                SampleDocuments.pdf());
        JsonNode added = add(200, host.url("/handbook"));
        String file = added.path("id").asText();
        assertEquals("in_progress", added.path("status").asText());
        assertEquals(host.url("/handbook"), added.at("/graft/url").asText());
        assertEquals(List.of(), host.requests()); // no worker runs yet: the wish is kept in the database
        ingestion.start();
        JsonNode done = ended(file);
        assertEquals("completed", done.path("status").asText(), done.toString());
        assertEquals("web", done.at("/attributes/from").asText());
        JsonNode kept = send(200, "GET", "/v1/files/" + file, "");
        assertEquals("handbook.html", kept.path("filename").asText());
        assertEquals(SampleDocuments.html().length, kept.path("bytes").asInt());
        assertEquals(host.url("/handbook"), kept.at("/graft/url").asText());
        assertEquals(file, rig.search(tenant, store, "Orla", 3, "").results().getFirst().passage().fileId());

        String pdf = add(200, host.url("/pump.pdf")).path("id").asText();
        assertEquals("completed", ended(pdf).path("status").asText());
        JsonNode batch = send(200, "POST", "/v1/vector_stores/" + store.id() + "/file_batches",
                "{\"files\":[{\"graft\":{\"url\":\"" + host.url("/pump.pdf") + "\"}},{\"file_id\":\"" + file + "\"}]}");
        assertEquals(2, batch.at("/file_counts/total").asInt());
        KnowledgeRig.await(Duration.ofSeconds(30), () -> rig.counts(tenant, store).completed() == 3);
        assertTrue(send(200, "DELETE", "/v1/files/" + file, "").path("deleted").asBoolean());
    }

    @Test
    void whatCannotBeReadFailsByNameAndWhatCannotBeReachedIsTriedAgain() {
        host.raw("/busy", "HTTP/1.1 503 Busy\r\n\r\n").page("/picture", "image/png", new byte[3]);
        host.page("/broken", "application/pdf", "%PDF-1.7 broken".getBytes(StandardCharsets.UTF_8));
        ingestion.start();
        JsonNode absent = ended(add(200, host.url("/absent")).path("id").asText());
        assertEquals("failed", absent.path("status").asText());
        assertEquals("invalid_file", absent.at("/last_error/code").asText());
        assertEquals("The URL's host answered with status 404.", absent.at("/last_error/message").asText());
        assertEquals("invalid_file", ended(add(200, host.url("/picture")).path("id").asText())
                .at("/last_error/code").asText());
        assertEquals("invalid_file", ended(add(200, host.url("/broken")).path("id").asText())
                .at("/last_error/code").asText());
        JsonNode busy = ended(add(200, host.url("/busy")).path("id").asText());
        assertEquals("server_error", busy.at("/last_error/code").asText());
        assertEquals(3, host.requests().stream().filter(request -> request.startsWith("GET /busy ")).count());
    }

    @Test
    void urlsThatMayNotBeReadAreRefusedAtOnce() {
        for (String url : List.of("http://example.org/", "http://localhost/", "http://a:b@localhost:" + host.port(),
                "file:///etc/passwd", "http://169.254.169.254/latest/meta-data/")) {
            JsonNode error = add(400, url).path("error");
            assertEquals("graft.url", error.path("param").asText());
            assertEquals("invalid_request", error.path("code").asText());
        }
        String path = "/v1/vector_stores/" + store.id() + "/files";
        assertEquals("graft.url", send(400, "POST", path, "{\"graft\":{}}").at("/error/param").asText());
        assertEquals("graft.url", send(400, "POST", path, "{\"file_id\":\"file-a\",\"graft\":{\"url\":\""
                + host.url("/") + "\"}}").at("/error/param").asText());
        assertEquals(400, server.send("owner", "POST", path, "{\"graft\":{\"uri\":\"x\"}}").statusCode());
        server.close();
        ingestion.close();
        serve(WebPages.OFF);
        assertTrue(add(400, host.url("/")).at("/error/message").asText().contains("knowledge.url-hosts is empty"));
        assertEquals(0, rig.counts(tenant, store).total());
    }
}
