package graft.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.errors.NotFoundException;
import com.openai.models.ComparisonFilter;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FileObject;
import com.openai.models.files.FilePurpose;
import com.openai.models.vectorstores.VectorStore;
import com.openai.models.vectorstores.VectorStoreCreateParams;
import com.openai.models.vectorstores.VectorStoreListParams;
import com.openai.models.vectorstores.VectorStoreSearchParams;
import com.openai.models.vectorstores.VectorStoreSearchResponse;
import com.openai.models.vectorstores.VectorStoreUpdateParams;
import com.openai.models.vectorstores.filebatches.FileBatchCreateParams;
import com.openai.models.vectorstores.filebatches.FileBatchRetrieveParams;
import com.openai.models.vectorstores.filebatches.VectorStoreFileBatch;
import com.openai.models.vectorstores.files.FileContentParams;
import com.openai.models.vectorstores.files.FileDeleteParams;
import com.openai.models.vectorstores.files.FileRetrieveParams;
import com.openai.models.vectorstores.files.FileUpdateParams;
import com.openai.models.vectorstores.files.VectorStoreFile;
import graft.admission.Caller;
import graft.admission.TenantAdmission;
import graft.knowledge.Ingestion;
import graft.knowledge.KnowledgeRig;
import graft.knowledge.WordEmbedder;
import graft.metering.Metering;
import graft.registry.knowledge.ChunkDao;
import graft.registry.tenant.Scope;
import graft.registry.usage.AdmissionDao;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files and vector stores as OpenAI's own client sees them. */
class KnowledgeApiIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String SHEET = "# Birch-103 pump\r\n\r\nThe Birch-103 pump weighs 134 kg. \ud83d\ude80\r\n";
    @TempDir static Path spool;
    @TempDir static Path folder;
    private static KnowledgeRig rig;
    private static Ingestion ingestion;
    private static Metering metering;
    private static TestServer server;
    private static OpenAIClient client;
    private static OpenAIClient stranger;

    @BeforeAll
    static void start() {
        rig = new KnowledgeRig(WordEmbedder.text());
        ingestion = rig.ingestion();
        ingestion.start();
        VectorStoreFilesResource files = new VectorStoreFilesResource(rig.stores, rig.documents, ingestion, 500);
        metering = new Metering(rig.test.database(), "test", Metering.Settings.DEFAULT);
        TenantAdmission admission = new TenantAdmission(new AdmissionDao(rig.test.database(), Duration.ofMinutes(5)),
                metering.prices(), metering.processId());
        server = new TestServer(List.of(new FilesResource(rig.files, spool, 100_000), files,
                new ChunksResource(rig.documents, new ChunkDao(rig.test.database())),
                new VectorStoresResource(rig.stores, files, rig.embedder),
                new VectorStoreSearchResource(rig.search, rig.retrievals,
                        new VectorStoreSearchResource.Meter(admission, metering.recorder(), rig.embedder),
                        new VectorStoreSearchResource.Bounds(8, 10_000, 200))),
                Map.of("owner", caller("owner", Scope.KNOWLEDGE), "stranger", caller("stranger", Scope.KNOWLEDGE),
                        "chatter", caller("chatter", Scope.INFERENCE), "admin", caller("admin", Scope.ADMIN)),
                1 << 20);
        client = client("owner");
        stranger = client("stranger");
    }

    private static Caller caller(String name, Scope scope) {
        return new Caller(rig.tenant(name), name, "key-" + name, Set.of(scope));
    }

    private static OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder().baseUrl(server.uri("/v1").toString()).apiKey(key).maxRetries(0).build();
    }

    @AfterAll
    static void stop() {
        client.close();
        stranger.close();
        server.close();
        ingestion.close();
        metering.close();
        rig.close();
    }

    @Test
    void theOfficialClientUploadsSearchesAndDeletes() throws Exception {
        FileObject file = upload(client, "birch.md", SHEET);
        assertEquals("birch.md", file.filename());
        assertEquals(SHEET.getBytes(StandardCharsets.UTF_8).length, file.bytes());
        assertArrayEquals(SHEET.getBytes(StandardCharsets.UTF_8),
                client.files().content(file.id()).body().readAllBytes());
        VectorStore store = client.vectorStores().create(VectorStoreCreateParams.builder().name("Handbook")
                .metadata(VectorStoreCreateParams.Metadata.builder()
                        .putAdditionalProperty("team", JsonValue.from("docs")).build()).build());
        add(client, store, file, "{}");
        VectorStoreFile done = completed(client, store, file.id());
        assertEquals(VectorStoreFile.Status.COMPLETED, done.status(), done.toString());
        VectorStore filled = client.vectorStores().retrieve(store.id());
        assertEquals(1, filled.fileCounts().completed());
        assertEquals(VectorStore.Status.COMPLETED, filled.status());
        assertTrue(filled.usageBytes() > SHEET.length());

        List<VectorStoreSearchResponse> found = search(client, store, "How heavy is the Birch-103?");
        assertEquals(1, found.size());
        assertEquals(SHEET.strip(), found.getFirst().content().getFirst().text());
        assertEquals(file.id(), found.getFirst().fileId());
        assertTrue(found.getFirst().score() > 0.9 && found.getFirst().score() <= 1);
        String text = client.vectorStores().files().content(FileContentParams.builder().vectorStoreId(store.id())
                .fileId(file.id()).build()).items().getFirst().text().orElseThrow();
        assertEquals(SHEET, text);

        assertTrue(client.files().delete(file.id()).deleted());
        assertEquals(List.of(), search(client, store, "How heavy is the Birch-103?"));
        assertEquals(0, client.vectorStores().retrieve(store.id()).fileCounts().total());
        assertTrue(client.vectorStores().delete(store.id()).deleted());
        assertThrows(NotFoundException.class, () -> client.vectorStores().retrieve(store.id()));
    }

    @Test
    void attributesFilterAndChangeAndAFileLeavesOneStoreOnly() {
        VectorStore store = client.vectorStores().create();
        VectorStore other = client.vectorStores().create(VectorStoreCreateParams.builder().name("other").build());
        FileObject old = upload(client, "old.txt", "The valve of old.");
        FileObject young = upload(client, "young.txt", "The valve of now.");
        for (FileObject file : List.of(old, young)) {
            add(client, store, file, "{\"year\": 1990}");
            add(client, other, file, "{}");
            completed(client, store, file.id());
            completed(client, other, file.id());
        }
        client.vectorStores().files().update(FileUpdateParams.builder().vectorStoreId(store.id()).fileId(young.id())
                .attributes(FileUpdateParams.Attributes.builder().putAdditionalProperty("year", JsonValue.from(2026))
                        .build()).build());
        List<VectorStoreSearchResponse> recent = client.vectorStores().search(VectorStoreSearchParams.builder()
                .vectorStoreId(store.id()).query("valve").filters(ComparisonFilter.builder().key("year")
                        .type(ComparisonFilter.Type.GT).value(2000.0).build()).build()).items();
        assertEquals(List.of(young.id()), recent.stream().map(VectorStoreSearchResponse::fileId).toList());
        client.vectorStores().files().delete(FileDeleteParams.builder().vectorStoreId(store.id()).fileId(old.id())
                .build());
        assertEquals(1, search(client, store, "valve").size());
        assertEquals(2, search(client, other, "valve").size());
        assertEquals(2, client.vectorStores().files().list(other.id()).autoPager().stream().count());
    }

    @Test
    void aBatchFailsOnlyWhereItMust() {
        VectorStore store = client.vectorStores().create();
        FileObject good = upload(client, "good.json", "{\"pump\": 1}");
        FileObject bad = upload(client, "bad.pdf", "%PDF-1.7 broken");
        VectorStoreFileBatch batch = client.vectorStores().fileBatches().create(FileBatchCreateParams.builder()
                .vectorStoreId(store.id()).addFileId(good.id()).addFileId(bad.id()).build());
        FileBatchRetrieveParams again = FileBatchRetrieveParams.builder().vectorStoreId(store.id())
                .batchId(batch.id()).build();
        KnowledgeRig.await(PATIENCE, () ->
                client.vectorStores().fileBatches().retrieve(again).fileCounts().inProgress() == 0);
        VectorStoreFileBatch done = client.vectorStores().fileBatches().retrieve(again);
        assertEquals(1, done.fileCounts().completed());
        assertEquals(1, done.fileCounts().failed());
        VectorStoreFile failed = completed(client, store, bad.id());
        assertEquals(VectorStoreFile.LastError.Code.INVALID_FILE, failed.lastError().orElseThrow().code());
        assertTrue(failed.lastError().orElseThrow().message().contains("PDF"));
    }

    @Test
    void listsPageInBothDirectionsAndStoresChange() {
        OpenAIClient pager = client("admin");
        List<String> ids = IntStream.range(0, 5).mapToObj(i -> pager.vectorStores().create(
                VectorStoreCreateParams.builder().name("s" + i).build()).id()).toList();
        List<String> listed = StreamSupport.stream(pager.vectorStores().list(
                VectorStoreListParams.builder().limit(2).build()).autoPager()
                .spliterator(), false).map(VectorStore::id).toList();
        assertEquals(ids.reversed(), listed);
        VectorStore changed = pager.vectorStores().update(VectorStoreUpdateParams.builder().vectorStoreId(ids.get(0))
                .name("renamed").expiresAfter(VectorStoreUpdateParams.ExpiresAfter.builder().days(7).build()).build());
        assertEquals("renamed", changed.name());
        assertEquals(changed.lastActiveAt().orElseThrow() + 7 * 86_400, changed.expiresAt().orElseThrow());
        pager.close();
    }

    @Test
    void aDocumentShowsWhereItWasCutAndUnderWhichHeadings() {
        String text = "# Boilers\n\nThe first boiler 🌱 is old.\n\n## Valves\n\nA valve opens at 4 bar.\n";
        FileObject file = upload(client, "boilers.md", text);
        VectorStore store = client.vectorStores().create();
        add(client, store, file, "{}");
        completed(client, store, file.id());
        String path = "/admin/v1/vector_stores/" + store.id() + "/files/" + file.id() + "/chunks";
        int next = 0;
        String headings = "";
        for (String after = ""; ; ) {
            JsonNode page = Json.tree(server.get("owner", path + "?limit=1" + after).body());
            JsonNode chunk = page.path("data").get(0);
            assertEquals(next++, chunk.path("ordinal").asInt());
            assertTrue(chunk.path("start").asInt() < chunk.path("end").asInt());
            assertTrue(chunk.path("end").asInt() <= text.codePointCount(0, text.length()));
            assertTrue(chunk.path("tokens").asInt() > 0);
            headings += chunk.path("heading").asText() + "\n";
            if (!page.path("has_more").asBoolean()) break;
            after = "&after=" + page.path("last_id").asText();
        }
        assertTrue(headings.toLowerCase(Locale.ROOT).contains("boilers"), headings);
        assertEquals(400, server.get("owner", path + "?after=x").statusCode());
    }

    @Test
    void theFilesOfAStoreAreSortedAndFilteredByTheServer() {
        VectorStore store = client.vectorStores().create();
        for (String name : List.of("beech.txt", "Ash.txt", "cedar.md")) {
            FileObject file = upload(client, name, "A tree called " + name + ".");
            add(client, store, file, "{}");
            completed(client, store, file.id());
        }
        String path = "/v1/vector_stores/" + store.id() + "/files?";
        assertEquals(List.of("Ash.txt", "beech.txt", "cedar.md"), filenames(path + "sort=filename&order=asc"));
        assertEquals(List.of("cedar.md", "beech.txt"), filenames(path + "sort=filename&limit=2"));
        assertEquals(List.of("beech.txt", "Ash.txt"), filenames(path + "sort=filename&q=.TXT"));
        String last = Json.tree(server.get("owner", path + "sort=filename&order=asc&limit=1").body()).path("last_id")
                .asText();
        assertEquals(List.of("beech.txt", "cedar.md"), filenames(path + "sort=filename&order=asc&after=" + last));
        assertEquals(400, server.get("owner", path + "sort=colour").statusCode());
    }

    private static List<String> filenames(String path) {
        List<String> names = new ArrayList<>();
        for (JsonNode file : Json.tree(server.get("owner", path).body()).path("data"))
            names.add(client.files().retrieve(file.path("id").asText()).filename());
        return names;
    }

    @Test
    void whatIsForeignLooksExactlyLikeWhatIsAbsent() {
        FileObject file = upload(client, "mine.txt", "mine alone");
        VectorStore store = client.vectorStores().create();
        add(client, store, file, "{}");
        completed(client, store, file.id());
        String retrieval = retrieval("owner", store.id());
        for (String path : List.of("/v1/files/%1$s", "/v1/files/%1$s/content", "/v1/vector_stores/%2$s",
                "/v1/vector_stores/%2$s/files", "/v1/vector_stores/%2$s/files/%1$s",
                "/v1/vector_stores/%2$s/files/%1$s/content", "/admin/v1/retrievals/%3$s",
                "/admin/v1/vector_stores/%2$s/files/%1$s/chunks")) {
            HttpResponse<byte[]> foreign = server.get("stranger", path.formatted(file.id(), store.id(), retrieval));
            HttpResponse<byte[]> absent = server.get("stranger", path.formatted("file-none", "vs_none", "ret_none"));
            assertEquals(404, foreign.statusCode(), path);
            assertEquals(new String(absent.body(), StandardCharsets.UTF_8),
                    new String(foreign.body(), StandardCharsets.UTF_8), path);
            assertEquals(200, server.get("owner", path.formatted(file.id(), store.id(), retrieval)).statusCode(), path);
        }
        assertThrows(NotFoundException.class, () -> search(stranger, store, "mine"));
        assertThrows(NotFoundException.class, () -> stranger.files().delete(file.id()));
        VectorStore theirs = stranger.vectorStores().create();
        assertThrows(NotFoundException.class, () -> add(stranger, theirs, file, "{}"));
        assertEquals(200, server.get("admin", "/admin/v1/retrievals/" + retrieval).statusCode());
        assertEquals(403, server.get("chatter", "/v1/files").statusCode());
    }

    @Test
    void storedBytesAreNeverShownByABrowser() {
        FileObject file = upload(client, "x.txt", "<script>alert(1)</script>");
        HttpResponse<byte[]> response = server.get("owner", "/v1/files/" + file.id() + "/content");
        assertEquals("application/octet-stream", response.headers().firstValue("content-type").orElseThrow());
        assertEquals("nosniff", response.headers().firstValue("x-content-type-options").orElseThrow());
        assertEquals("sandbox", response.headers().firstValue("content-security-policy").orElseThrow());
        assertTrue(response.headers().firstValue("content-disposition").orElseThrow().startsWith("attachment"));
    }

    @Test
    void badRequestsNameWhatIsWrong() {
        String store = client.vectorStores().create().id();
        refused(400, "purpose", upload(new MultipartBody().file("file", "a.txt", new byte[1]).field("purpose", "fun")));
        refused(400, "file", upload(new MultipartBody().field("purpose", "assistants")));
        refused(413, "", upload(new MultipartBody().file("file", "a.txt", new byte[100_001])
                .field("purpose", "assistants")));
        refused(400, "", server.send("owner", "POST", "/v1/files", "{}"));
        refused(400, "query", search(store, "{}"));
        refused(400, "query", search(store, "{\"query\": []}"));
        refused(400, "query", search(store, "{\"query\": [\"a\", 1]}"));
        refused(400, "files", server.send("owner", "POST", "/v1/vector_stores/" + store + "/file_batches",
                "{\"file_ids\": [\"a\"], \"files\": [{\"file_id\": \"b\"}]}"));
        refused(400, "max_num_results", search(store, "{\"query\": \"a\", \"max_num_results\": 51}"));
        refused(400, "filters", search(store, "{\"query\": \"a\", \"filters\": {\"type\": \"like\"}}"));
        refused(400, "ranking_options.score_threshold",
                search(store, "{\"query\": \"a\", \"ranking_options\": {\"score_threshold\": 2}}"));
        refused(400, "chunking_strategy.static.chunk_overlap_tokens", server.send("owner", "POST",
                "/v1/vector_stores/" + store + "/files", "{\"file_id\": \"f\", \"chunking_strategy\": {\"type\":"
                + "\"static\", \"static\": {\"max_chunk_size_tokens\": 100, \"chunk_overlap_tokens\": 51}}}"));
        refused(400, "attributes.a", server.send("owner", "POST", "/v1/vector_stores/" + store + "/files",
                "{\"file_id\": \"f\", \"attributes\": {\"a\": 1e999}}"));
        refused(400, "metadata.a", server.send("owner", "POST", "/v1/vector_stores", "{\"metadata\": {\"a\": 1}}"));
        refused(400, "expires_after", server.send("owner", "POST", "/v1/vector_stores",
                "{\"expires_after\": {\"anchor\": \"last_active_at\", \"days\": 0}}"));
        refused(404, "", server.send("owner", "POST", "/v1/vector_stores", "{\"file_ids\": [\"file-none\"]}"));
    }

    @Test
    void aSearchSaysHowLongItsStagesTookAndSeveralQuestionsAreOne() {
        VectorStore store = client.vectorStores().create();
        FileObject file = upload(client, "a.txt", "valve and pump");
        add(client, store, file, "{}");
        completed(client, store, file.id());
        HttpResponse<byte[]> response = search(store.id(),
                "{\"query\": [\"valve\", \"pump\"], \"rewrite_query\": true}");
        assertEquals(200, response.statusCode());
        String timing = response.headers().firstValue("server-timing").orElseThrow();
        for (String stage : List.of("embed", "lexical", "vector", "fuse")) assertTrue(timing.contains(stage), timing);
        JsonNode page = Json.tree(response.body());
        assertEquals(2, page.path("search_query").size());
        assertEquals(1, page.path("data").size());
        assertEquals(0, page.at("/data/0/graft/start").asInt());
        assertEquals(14, page.at("/data/0/graft/end").asInt());
        JsonNode record = Json.tree(server.get("owner", "/admin/v1/retrievals/"
                + page.at("/graft/retrieval_id").asText()).body());
        assertEquals(4, record.at("/candidates/0/legs").size(), record.toString());
        assertTrue(record.at("/candidates/0/kept").asBoolean());
        assertNotEquals(0, record.at("/stores/0/revision").asInt());
    }

    @Test
    void aSearchIsInTheLedgerAndARefusedOneIsNot() {
        String store = client.vectorStores().create().id();
        String id = search(store, "{\"query\": \"two words\"}").headers().firstValue("x-request-id").orElseThrow();
        assertEquals("search settled 4 1", ledger(id), "two words and two special tokens; one retrieval");
        String refused = search("vs_none", "{\"query\": \"two words\"}").headers().firstValue("x-request-id")
                .orElseThrow();
        assertTrue(ledger(refused).isEmpty() || ledger(refused).endsWith(" 0 0"), ledger(refused));
    }

    private static String ledger(String requestId) {
        return rig.test.database().asOperator(handle -> handle.createQuery("SELECT operation || ' ' || state || ' '"
                + " || embed_query || ' ' || retrieve FROM usage_request WHERE request_id = :id").bind("id", requestId)
                .mapTo(String.class).findOne().orElse(""));
    }

    private static String retrieval(String key, String store) {
        return Json.tree(server.send(key, "POST", "/v1/vector_stores/" + store + "/search",
                "{\"query\": \"x\"}").body()).at("/graft/retrieval_id").asText();
    }

    private static HttpResponse<byte[]> search(String store, String json) {
        return server.send("owner", "POST", "/v1/vector_stores/" + store + "/search", json);
    }

    private static HttpResponse<byte[]> upload(MultipartBody body) {
        return server.send("owner", "POST", "/v1/files", MultipartBody.TYPE, body.bytes());
    }

    private static void refused(int status, String param, HttpResponse<byte[]> response) {
        String body = new String(response.body(), StandardCharsets.UTF_8);
        assertEquals(status, response.statusCode(), body);
        assertEquals(param, Json.tree(response.body()).at("/error/param").asText("").replace("null", ""), body);
    }

    private static FileObject upload(OpenAIClient client, String name, String text) {
        try {
            Path path = Files.writeString(folder.resolve(name), text);
            return client.files().create(FileCreateParams.builder().file(path).purpose(FilePurpose.ASSISTANTS).build());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void add(OpenAIClient client, VectorStore store, FileObject file, String attributes) {
        com.openai.models.vectorstores.files.FileCreateParams.Builder params =
                com.openai.models.vectorstores.files.FileCreateParams.builder().vectorStoreId(store.id())
                        .fileId(file.id());
        Json.tree(attributes.getBytes(StandardCharsets.UTF_8)).properties().forEach(pair -> params.attributes(
                com.openai.models.vectorstores.files.FileCreateParams.Attributes.builder()
                        .putAdditionalProperty(pair.getKey(), JsonValue.from(pair.getValue().numberValue())).build()));
        client.vectorStores().files().create(params.build());
    }

    private static VectorStoreFile completed(OpenAIClient client, VectorStore store, String file) {
        FileRetrieveParams params = FileRetrieveParams.builder().vectorStoreId(store.id()).fileId(file).build();
        KnowledgeRig.await(PATIENCE, () -> !client.vectorStores().files().retrieve(params).status()
                .equals(VectorStoreFile.Status.IN_PROGRESS));
        return client.vectorStores().files().retrieve(params);
    }

    private static List<VectorStoreSearchResponse> search(OpenAIClient client, VectorStore store, String query) {
        return client.vectorStores().search(VectorStoreSearchParams.builder().vectorStoreId(store.id()).query(query)
                .build()).items();
    }
}
