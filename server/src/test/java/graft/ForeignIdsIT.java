package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/**
 * One tenant tries every id of another on every route of openapi.yaml, in paths, in bodies and in queries: each answer
 * has to be the one that an absent id gets, and nothing may have changed afterwards.
 */
class ForeignIdsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String CANARY = "otter5521canary";
    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete");
    private static final Pattern PARAMETER = Pattern.compile("\\{(\\w+)}");
    /** Bodies that name an id in every place in which some route reads one. */
    private static final List<String> BODIES = List.of("{}", "{\"file_id\":\"ID\"}", "{\"file_ids\":[\"ID\"]}",
            "{\"model\":\"ID\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"prompt\":\"x\",\"input\":\"x\","
                    + "\"max_tokens\":1}",
            "{\"model\":\"toy\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":1,"
                    + "\"graft\":{\"vector_store_ids\":[\"ID\"]}}",
            "{\"model\":\"toy\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":1,"
                    + "\"graft\":{\"adapters\":[{\"name\":\"ID\",\"scale\":1}]}}",
            "{\"version\":1}", "{\"query\":\"x\"}", "{\"tenant\":\"ID\",\"lora_name\":\"ID\"}");
    @TempDir
    private static Path temporary;
    private static DataFolder data;
    private static Server server;
    private static String admin;
    private static String victim;
    private static String stranger;
    /** The victim's ids by what they are called in paths. */
    private static final Map<String, String> IDS = new LinkedHashMap<>();

    @BeforeAll
    static void oneTenantOwnsOneOfEverything() throws Exception {
        data = DataFolder.open(temporary.resolve("data"));
        server = FakeServer.start(Settings.read(Map.of("data", data.path().toString(), "port", "0", "demo", "false",
                "live.interval", "PT0.02S", "live.life", "PT0.05S"), Map.of()), data); // an event stream that ends
        admin = Files.readString(data.path().resolve("admin.key")).strip();
        victim = tenant(admin, true);
        stranger = tenant(admin, false);
        byte[] text = ("# Secret\n\n" + CANARY + " weighs 3 kg.\n").getBytes(StandardCharsets.UTF_8);
        IDS.put("file_id", made("/v1/files", Map.of("file\"; filename=\"secret.md", text,
                "purpose", "assistants".getBytes(StandardCharsets.UTF_8))));
        IDS.put("vector_store_id", made("/v1/vector_stores", "{\"name\":\"" + CANARY + "\"}"));
        String store = "/v1/vector_stores/" + IDS.get("vector_store_id");
        IDS.put("batch_id", made(store + "/file_batches", "{\"file_ids\":[\"" + IDS.get("file_id") + "\"]}"));
        String file = store + "/files/" + IDS.get("file_id");
        while (!ok(victim, "GET", file, "").path("status").asText().equals("completed")) Thread.onSpinWait();
        IDS.put("retrieval_id", ok(victim, "POST", store + "/search", "{\"query\":\"secret\"}").path("graft")
                .path("retrieval_id").asText());
        IDS.put("name", CANARY);
        upload(victim, CANARY);
        IDS.put("model", CANARY + "@1");
    }

    @AfterAll
    static void stop() {
        server.close();
        data.close();
    }

    private static void upload(String key, String name) throws Exception {
        Map<String, byte[]> adapter = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("graft.root"),
                "server/src/test/resources/adapters/l3-r4-qv"))) {
            for (Path path : files.filter(one -> one.getFileName().toString().startsWith("adapter_")).toList())
                adapter.put("f\"; filename=\"" + path.getFileName(), Files.readAllBytes(path));
        }
        HttpResponse<String> made = multipart(key, "/admin/v1/adapters/" + name + "/versions", adapter);
        assertEquals(201, made.statusCode(), made.body());
    }

    private static String tenant(String admin, boolean remember) throws Exception {
        String id = ok(admin, "POST", "/admin/v1/tenants", "{\"name\":\"t\"}").path("id").asText();
        JsonNode key = ok(admin, "POST", "/admin/v1/tenants/" + id + "/keys",
                "{\"scopes\":[\"inference\",\"knowledge\",\"adapters\"]}");
        if (remember) {
            IDS.put("tenant_id", id);
            IDS.put("key_id", key.path("id").asText());
        }
        return key.path("secret").asText();
    }

    private static String made(String path, String json) throws Exception {
        return ok(victim, "POST", path, json).path("id").asText();
    }

    private static String made(String path, Map<String, byte[]> parts) throws Exception {
        return JSON.readTree(multipart(victim, path, parts).body()).path("id").asText();
    }

    private static HttpResponse<String> multipart(String key, String path, Map<String, byte[]> parts)
            throws IOException, InterruptedException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (Map.Entry<String, byte[]> part : parts.entrySet()) {
            body.writeBytes(("--cut\r\nContent-Disposition: form-data; name=\"" + part.getKey() + "\"\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8));
            body.writeBytes(part.getValue());
            body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
        }
        body.writeBytes("--cut--\r\n".getBytes(StandardCharsets.UTF_8));
        return HTTP.send(HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + key)
                .header("Content-Type", "multipart/form-data; boundary=cut")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private static JsonNode ok(String key, String method, String path, String json) throws Exception {
        HttpResponse<String> answer = send(key, method, path, json);
        assertTrue(answer.statusCode() < 300, method + " " + path + ": " + answer.body());
        return JSON.readTree(answer.body());
    }

    private static HttpResponse<String> send(String key, String method, String path, String json)
            throws IOException, InterruptedException {
        return HTTP.send(HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json").method(method, json.isEmpty()
                        ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(json)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** Of the same shape, and nobody's. */
    private static String absent(String id) {
        StringBuilder other = new StringBuilder(id);
        int at = id.indexOf('@') < 0 ? id.length() - 1 : id.indexOf('@') - 1;
        other.setCharAt(at, id.charAt(at) == 'b' ? 'c' : 'b');
        return other.toString();
    }

    private record Operation(String method, String path) {}

    private static List<Operation> operations() throws IOException {
        List<Operation> operations = new ArrayList<>();
        try (InputStream in = ForeignIdsIT.class.getResourceAsStream("/META-INF/openapi.yaml")) {
            Map<?, ?> document = new Yaml().load(in);
            ((Map<?, ?>) document.get("paths")).forEach((path, item) -> ((Map<?, ?>) item).keySet().forEach(method -> {
                String text = path.toString();
                if (METHODS.contains(method) && (text.startsWith("/v1/") || text.startsWith("/admin/")))
                    operations.add(new Operation(method.toString().toUpperCase(Locale.ROOT), text));
            }));
        }
        return operations;
    }

    /** A path's parameters: the victim's own of that name, but for one, in whose place stands the tried id. */
    private static List<String> paths(String template, String tried) {
        List<String> names = PARAMETER.matcher(template).results().map(found -> found.group(1)).toList();
        List<String> paths = new ArrayList<>();
        for (int place = 0; place < Math.max(1, names.size()); place++) {
            Matcher parameter = PARAMETER.matcher(template);
            StringBuilder path = new StringBuilder();
            for (int i = 0; parameter.find(); i++) {
                String byName = switch (parameter.group(1)) {
                    case "version" -> "1";
                    case "alias" -> "production";
                    default -> IDS.getOrDefault(parameter.group(1), "unknown");
                };
                parameter.appendReplacement(path, Matcher.quoteReplacement(i == place ? tried : byName));
            }
            paths.add(parameter.appendTail(path).toString());
        }
        return paths;
    }

    @Test
    void everyForeignIdIsAnsweredAsAnAbsentOneOnEveryRoute() throws Exception {
        List<Operation> operations = operations();
        int tried = 0;
        int notFound = 0;
        List<String> wrong = new ArrayList<>();
        for (Operation operation : operations) {
            for (String foreign : IDS.values()) {
                for (String body : operation.method().matches("POST|PUT") ? BODIES : List.of("")) {
                    boolean used = operation.path().contains("{") || body.contains("ID")
                            || operation.method().equals("GET");
                    if (!used) continue;
                    List<String> real = paths(operation.path(), foreign);
                    List<String> none = paths(operation.path(), absent(foreign));
                    for (int i = 0; i < real.size(); i++) {
                        HttpResponse<String> one = attempt(operation, real.get(i), body, foreign);
                        HttpResponse<String> other = attempt(operation, none.get(i), body, absent(foreign));
                        tried++;
                        if (one.statusCode() == 404) notFound++;
                        compare(wrong, operation, body, foreign, one, other);
                    }
                }
            }
        }
        System.out.println("foreign ids: routes=" + operations.size() + " attempts=" + tried + " answered-404="
                + notFound);
        assertEquals("", String.join("\n", wrong));
        assertTrue(operations.size() > 40 && tried > 1000 && notFound > 300, tried + " " + notFound);
        nothingOfTheVictimsHasChanged();
    }

    private static HttpResponse<String> attempt(Operation operation, String path, String body, String id)
            throws IOException, InterruptedException {
        String query = operation.method().equals("GET") ? "?start_time=60&end_time=120&bucket_width=1m&after=" + id
                + "&project_ids=" + id + "&api_key_ids=" + id + "&models=" + id + "&tenant_id=" + id + "&tenant=" + id
                : "";
        return send(stranger, operation.method(), path + query, body.replace("ID", id));
    }

    private static void compare(List<String> wrong, Operation operation, String body, String foreign,
            HttpResponse<String> one, HttpResponse<String> other) {
        String said = one.body().replace(foreign, "ID");
        String expected = other.body().replace(absent(foreign), "ID");
        boolean served = one.statusCode() < 300 && other.statusCode() == one.statusCode();
        boolean leaked = said.contains(CANARY) && !foreign.contains(CANARY);
        if (leaked || !served && (one.statusCode() != other.statusCode() || !said.equals(expected)))
            wrong.add(one.request().method() + " " + one.uri() + " " + body + "\n  foreign " + one.statusCode() + " "
                    + one.body() + "\n  absent  " + other.statusCode() + " " + other.body());
        if (one.statusCode() >= 500) wrong.add(operation + " " + body + ": " + one.body());
    }

    @Test
    void aNarrowedKeyMeetsOnlyItsModelsAndStores() throws Exception {
        String narrowed = ok(admin, "POST", "/admin/v1/tenants/" + IDS.get("tenant_id") + "/keys",
                "{\"scopes\":[\"inference\",\"knowledge\"],\"models\":[\"toy\"],\"stores\":[\"vs_other\"]}")
                .path("secret").asText();
        String chat = "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":1%s}";
        assertEquals(200, send(narrowed, "POST", "/v1/chat/completions", chat.formatted("toy", "")).statusCode());
        assertEquals(404, send(narrowed, "POST", "/v1/chat/completions", chat.formatted(CANARY, "")).statusCode());
        assertEquals(404, send(narrowed, "POST", "/v1/chat/completions", chat.formatted("toy",
                ",\"graft\":{\"vector_store_ids\":[\"" + IDS.get("vector_store_id") + "\"]}")).statusCode());
        assertFalse(send(narrowed, "GET", "/v1/models", "").body().contains(CANARY));
        String store = "/v1/vector_stores/" + IDS.get("vector_store_id");
        assertEquals(send(narrowed, "GET", "/v1/vector_stores/vs_absent", "").body(),
                send(narrowed, "GET", store, "").body());
        assertEquals(404, send(narrowed, "POST", store + "/search", "{\"query\":\"x\"}").statusCode());
        assertEquals(0, ok(narrowed, "GET", "/v1/vector_stores", "").path("data").size());
        assertEquals(403, send(narrowed, "GET", "/v1/files/" + IDS.get("file_id"), "").statusCode());
        assertEquals(200, send(victim, "GET", store, "").statusCode());
    }

    @Test
    void aDeletedTenantsAdaptersFilesAndStoresGoWithIt() throws Exception {
        String id = ok(admin, "POST", "/admin/v1/tenants", "{\"name\":\"leaving\"}").path("id").asText();
        String key = ok(admin, "POST", "/admin/v1/tenants/" + id + "/keys",
                "{\"scopes\":[\"knowledge\",\"adapters\"]}").path("secret").asText();
        upload(key, "leaving-voice");
        ok(key, "POST", "/v1/vector_stores", "{}");
        assertEquals(200, multipart(key, "/v1/files", Map.of("file\"; filename=\"a.md", new byte[] {'a'}, "purpose",
                "assistants".getBytes(StandardCharsets.UTF_8))).statusCode());
        ok(admin, "DELETE", "/admin/v1/tenants/" + id, "");
        JsonNode told = ok(admin, "GET", "/admin/v1/audit?limit=1&tenant_id=" + id, "").path("data").get(0);
        assertEquals("tenant.delete", told.path("action").asText());
        assertEquals("[1, 1, 1]", List.of(told.at("/details/adapters").asInt(),
                told.at("/details/vector_stores").asInt(),
                told.at("/details/files").asInt()).toString());
        assertFalse(send(admin, "GET", "/admin/v1/adapters?tenant=" + id, "").body().contains("leaving-voice"));
    }

    private static void nothingOfTheVictimsHasChanged() throws Exception {
        String store = "/v1/vector_stores/" + IDS.get("vector_store_id");
        for (String path : List.of("/v1/files/" + IDS.get("file_id"), store, store + "/files/" + IDS.get("file_id"),
                "/admin/v1/retrievals/" + IDS.get("retrieval_id"), "/admin/v1/adapters/" + CANARY + "/versions/1",
                "/v1/models/" + CANARY + "@production")) ok(victim, "GET", path, "");
        HttpResponse<String> content = send(victim, "GET", store + "/files/" + IDS.get("file_id") + "/content", "");
        assertTrue(content.body().contains(CANARY));
        assertFalse(send(stranger, "GET", "/v1/models", "").body().contains(CANARY));
    }
}
