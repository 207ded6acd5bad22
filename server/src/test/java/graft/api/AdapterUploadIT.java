package graft.api;

import static graft.api.CatalogServer.folder;
import static graft.api.CatalogServer.json;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdapterUploadIT {
    private static final Map<String, byte[]> SOUND =
            CatalogServer.files(CatalogServer.RESOURCES.resolve("adapters/l3-r4-qv"));
    @TempDir
    private static Path work;
    private static CatalogServer server;
    private static int names;

    @BeforeAll
    static void start() {
        server = new CatalogServer(work, "tiny-llama3", "tiny-qwen2", "tiny-qwen3", "tiny-qwen3-moe", "tiny-deepseek-v3");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String freshName() {
        return "adapter-" + names++;
    }

    private static HttpResponse<byte[]> upload(MultipartBody body) {
        return server.upload("alice", freshName(), body.field("base_model", "tiny-llama3"));
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    private static JsonNode accepted(HttpResponse<byte[]> response) {
        assertEquals(201, response.statusCode(), text(response));
        return json(response);
    }

    private static String refused(int status, String code, HttpResponse<byte[]> response) {
        assertEquals(status, response.statusCode(), text(response));
        assertEquals(code, json(response).at("/error/code").asText());
        return json(response).at("/error/message").asText();
    }

    /** Runs uploads that must be refused and proves that they left nothing. */
    private static String leavesNothing(int status, String code, MultipartBody body) {
        long before = server.stored();
        String message = refused(status, code, upload(body));
        assertEquals(before, server.stored(), message);
        assertTrue(server.spoolIsEmpty(), message);
        return message;
    }

    @Test
    void everySoundAdapterIsTaken() throws IOException {
        Map<String, String> bases = Map.of("l3", "tiny-llama3", "q2", "tiny-qwen2", "q3", "tiny-qwen3", "q3moe", "tiny-qwen3-moe",
                "dsv3", "tiny-deepseek-v3");
        try (Stream<Path> folders = Files.list(CatalogServer.RESOURCES.resolve("adapters"))) {
            List<Path> all = folders.sorted().toList();
            assertEquals(14, all.size());
            for (Path folder : all) {
                String name = folder.getFileName().toString();
                JsonNode reply = accepted(server.upload("alice", name, folder("adapters/" + name)
                        .field("base_model", bases.get(name.split("-")[0]))));
                assertEquals(name, reply.get("adapter").asText());
                assertEquals(1, reply.get("version").asInt());
                assertTrue(reply.get("digest").asText().matches("sha256:[0-9a-f]{64}"), name);
                assertTrue(reply.get("rank").asInt() > 0, name);
                assertTrue(reply.get("target_modules").size() > 0, name);
                long bytes = CatalogServer.files(folder).values().stream().mapToLong(file -> file.length).sum();
                assertEquals(bytes, reply.get("size_bytes").asLong(), name);
                assertEquals(0, reply.get("warnings").size(), name + " " + reply.get("warnings"));
            }
        }
    }

    @Test
    void aRefusedUploadIsInTheAuditLogWithItsReason() {
        String message = refused(422, "invalid_adapter", upload(folder("adapters-bad/no-config")));
        assertEquals(1, server.count("audit_log WHERE action = 'adapter.refuse' AND details->>'reason' = '"
                + message.replace("'", "''") + "'"));
    }

    @Test
    void everyBrokenAdapterIsRefusedByNameAndLeavesNothing() throws IOException {
        // What the message must name, by the folder's fault (expected.json says each in words).
        Map<String, String> names = new TreeMap<>(Map.ofEntries(
                Map.entry("pickle-weights", "adapter_model.bin"), Map.entry("nan-weights", "(?i)lora_.*nan|finite"),
                Map.entry("inf-weights", "(?i)lora_.*(inf|finite)"), Map.entry("wrong-shape", "lora_A.*shape|lora_A"),
                Map.entry("rank-mismatch", "rank"), Map.entry("missing-lora-b", "lora_B"),
                Map.entry("unknown-module", "model\\.layers"), Map.entry("truncated", "adapter_model.safetensors"),
                Map.entry("header-bomb", "header"), Map.entry("overlapping-offsets", "lora_|overlap"),
                Map.entry("no-config", "adapter_config.json"), Map.entry("not-json-config", "adapter_config.json"),
                Map.entry("wrong-peft-type", "peft_type"), Map.entry("zero-rank", "\\br\\b"),
                Map.entry("huge-rank", "\\br\\b"), Map.entry("nan-alpha", "lora_alpha")));
        List<String> all = new ArrayList<>(names.keySet());
        all.add("all-zero-b");
        try (Stream<Path> folders = Files.list(CatalogServer.RESOURCES.resolve("adapters-bad"))) {
            assertEquals(all.stream().sorted().toList(), folders.filter(Files::isDirectory)
                    .map(path -> path.getFileName().toString()).sorted().toList());
        }
        names.forEach((name, pattern) -> {
            String message = leavesNothing(422, "invalid_adapter", folder("adapters-bad/" + name));
            System.out.println(name + ": " + message);
            assertTrue(Pattern.compile(pattern).matcher(message).find(), name + ": " + message);
        });
        accepted(upload(folder("adapters/l3-r4-qv")));
    }

    @Test
    void anAdapterThatChangesNothingIsTakenWithAWarning() {
        JsonNode reply = accepted(upload(folder("adapters-bad/all-zero-b")));
        assertTrue(reply.get("warnings").toString().contains("changes nothing"), reply.toString());
    }

    @Test
    void archivesHoldTheSameAdapterAsItsFiles() throws IOException {
        String digest = accepted(upload(folder("adapters/l3-r4-qv"))).get("digest").asText();
        for (String prefix : List.of("", "outputs/", "./a/b/")) {
            Map<String, byte[]> entries = under(prefix);
            assertEquals(digest, accepted(upload(new MultipartBody().file("f", "a.zip", Archives.zip(entries))))
                    .get("digest").asText());
            assertEquals(digest, accepted(upload(new MultipartBody().file("f", "a.tar.gz", Archives.tar(entries))))
                    .get("digest").asText());
        }
    }

    @Test
    void theAdapterIsFoundBesideItsCheckpointsAndTheRestIsNamed() throws IOException {
        Map<String, byte[]> entries = under("run-7/");
        entries.put("run-7/README.md", "# mine".getBytes(StandardCharsets.UTF_8));
        entries.put("run-7/tokenizer.json", "{}".getBytes(StandardCharsets.UTF_8));
        under("run-7/checkpoint-100/").forEach((name, bytes) -> entries.put(name, Arrays.copyOf(bytes, 10)));
        JsonNode reply = accepted(upload(new MultipartBody().file("f", "run.tgz", Archives.tar(entries))));
        for (String left : List.of("run-7/README.md", "run-7/tokenizer.json",
                "run-7/checkpoint-100/adapter_model.safetensors")) {
            assertTrue(reply.get("warnings").toString().contains(left), reply.toString());
        }
        Map<String, byte[]> two = under("one/");
        two.putAll(under("two/"));
        assertTrue(leavesNothing(422, "invalid_adapter", new MultipartBody().file("f", "a.zip", Archives.zip(two)))
                .contains("one, two"));
    }

    @Test
    void filesAreKnownByTheirNamesWhateverThePartAndThePathIsCalled() {
        JsonNode reply = accepted(upload(new MultipartBody()
                .file("x", "C:\\\\train\\\\adapter_config.json", SOUND.get("adapter_config.json"))
                .file("y[]", "out/adapter_model.safetensors", SOUND.get("adapter_model.safetensors"))
                .file("z", "notes.txt", new byte[3]).file("empty", "", new byte[0]).field("colour", "red")));
        assertTrue(reply.get("warnings").toString().contains("notes.txt"), reply.toString());
        assertTrue(reply.get("warnings").toString().contains("colour"), reply.toString());
    }

    @Test
    void archivesThatLeadOutOrHoldLinksAreRefused() throws IOException {
        for (String bad : List.of("../adapter_config.json", "a/../../adapter_config.json", "/adapter_config.json",
                "C:/adapter_config.json", "..\\adapter_config.json")) {
            Map<String, byte[]> entries = new LinkedHashMap<>(SOUND);
            entries.put(bad, new byte[1]);
            for (MultipartBody body : List.of(new MultipartBody().file("f", "a.zip", Archives.zip(entries)),
                    new MultipartBody().file("f", "a.tar.gz", Archives.tar(entries)))) {
                String message = leavesNothing(422, "invalid_adapter", body);
                assertTrue(message.contains("leads out"), bad + ": " + message);
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(out))) {
            TarArchiveEntry link = new TarArchiveEntry("adapter_config.json", TarConstants.LF_SYMLINK);
            link.setLinkName("/etc/passwd");
            tar.putArchiveEntry(link);
            tar.closeArchiveEntry();
        }
        String message = leavesNothing(422, "invalid_adapter", new MultipartBody().file("f", "a.tar.gz",
                out.toByteArray()));
        assertTrue(message.contains("no plain file"), message);
    }

    @Test
    void bombsAreDefusedInConstantMemory() throws IOException {
        for (boolean zip : new boolean[] {true, false}) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (OutputStream bomb = zip ? new ZipOutputStream(out) : new GZIPOutputStream(out)) {
                String name = "adapter_model.safetensors";
                if (bomb instanceof ZipOutputStream entries) entries.putNextEntry(new ZipEntry(name));
                else bomb.write(Archives.tarHeader(name, 1L << 30));
                byte[] zeros = new byte[1 << 20];
                for (int i = 0; i < 300; i++) bomb.write(zeros);
            }
            assertTrue(out.size() < 1 << 20);
            leavesNothing(413, "too_large", new MultipartBody().file("f", zip ? "a.zip" : "a.tar.gz",
                    out.toByteArray()));
        }
        Map<String, byte[]> many = new LinkedHashMap<>();
        for (int i = 0; i < 101; i++) many.put("file-" + i, new byte[0]);
        leavesNothing(413, "too_large", new MultipartBody().file("f", "a.zip", Archives.zip(many)));
        ByteArrayOutputStream longName = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(longName)) {
            byte[] header = Archives.tarHeader("././@LongLink", 64 << 20);
            header[156] = 'L';
            gzip.write(Archives.sealed(header));
            gzip.write(new byte[64 << 20]);
        }
        leavesNothing(422, "invalid_adapter", new MultipartBody().file("f", "a.tar.gz", longName.toByteArray()));
    }

    @Test
    void whatIsNoAdapterIsRefused() throws IOException {
        leavesNothing(422, "invalid_adapter", new MultipartBody().file("f", "readme.txt", new byte[10]));
        leavesNothing(422, "invalid_adapter", new MultipartBody().file("f", "a.zip", new byte[10]));
        leavesNothing(422, "invalid_adapter", new MultipartBody().file("f", "a.tar.gz", new byte[10]));
        for (int length : new int[] {100, 2000, 8000}) {
            leavesNothing(422, "invalid_adapter", new MultipartBody().file("f", "a.zip",
                    Arrays.copyOf(Archives.zip(SOUND), length)));
            leavesNothing(422, "invalid_adapter", new MultipartBody().file("f", "a.tgz",
                    Arrays.copyOf(Archives.tar(SOUND), length)));
        }
        leavesNothing(422, "invalid_adapter", new MultipartBody().field("note", "no files at all"));
        leavesNothing(422, "invalid_adapter", folder("adapters/l3-r4-qv").file("g", "adapter_config.json",
                new byte[2]));
        for (String pickle : List.of("training_args.bin", "optimizer.pt", "rng_state.pth", "model.CKPT")) {
            assertTrue(leavesNothing(422, "invalid_adapter", folder("adapters/l3-r4-qv")
                    .file("f", pickle, new byte[9])).contains(pickle));
            Map<String, byte[]> entries = under("run/");
            entries.put("run/" + pickle, new byte[9]);
            assertTrue(leavesNothing(422, "invalid_adapter", new MultipartBody().file("f", "a.zip",
                    Archives.zip(entries))).contains(pickle));
        }
    }

    @Test
    void anAdapterOfAnotherBaseIsRefused() {
        long before = server.stored();
        refused(422, "invalid_adapter", server.upload("alice", freshName(), folder("adapters/q2-r8-all")
                .field("base_model", "tiny-llama3")));
        refused(404, "model_not_found", server.upload("alice", freshName(), folder("adapters/q2-r8-all")
                .field("base_model", "gpt-9")));
        refused(400, "invalid_request", server.upload("alice", freshName(), folder("adapters/q2-r8-all")));
        assertEquals(before, server.stored());
        String name = freshName();
        accepted(server.upload("alice", name, folder("adapters/l3-r4-qv").field("base_model", "tiny-llama3")));
        refused(409, "conflict", server.upload("alice", name, folder("adapters/q2-r8-all")
                .field("base_model", "tiny-qwen2")));
    }

    @Test
    void namesAndFieldsAreChecked() {
        long before = server.stored();
        refused(409, "conflict", server.upload("alice", "tiny-llama3", folder("adapters/l3-r4-qv")));
        for (String bad : List.of("Upper", "-dash", "a%20b", "x".repeat(64), "a@b"))
            refused(400, "invalid_request", server.upload("alice", bad, folder("adapters/l3-r4-qv")));
        for (List<String> field : List.of(List.of("manifest", "[1]"), List.of("manifest", "{"),
                List.of("manifest", "{\"prompt_format\":\"mine\"}"), List.of("alias", "9th"), List.of("alias", "A"),
                List.of("note", "n".repeat(5000))))
            refused(400, "invalid_request", upload(folder("adapters/l3-r4-qv").field(field.get(0), field.get(1))));
        refused(403, "insufficient_scope", upload(folder("adapters/l3-r4-qv").field("tenant", "operator")));
        refused(403, "insufficient_scope", server.upload("nothing", freshName(), folder("adapters/l3-r4-qv")));
        assertEquals(before, server.stored());
    }

    @Test
    void bodiesThatAreTooLargeOrCutShortLeaveNothing() throws Exception {
        leavesNothing(413, "too_large", folder("adapters/l3-r4-qv").file("f", "x.txt",
                new byte[(int) CatalogServer.MAX_UPLOAD]));
        long before = server.stored();
        byte[] whole = folder("adapters/l3-r4-qv").bytes();
        refused(400, "invalid_request", server.http.send("alice", "POST", "/admin/v1/adapters/cut/versions",
                MultipartBody.TYPE, Arrays.copyOf(whole, whole.length - 100)));
        try (Socket socket = new Socket("127.0.0.1", server.http.port())) {
            socket.getOutputStream().write(("POST /admin/v1/adapters/cut/versions HTTP/1.1\r\nHost: x\r\n"
                    + "Authorization: Bearer alice\r\nContent-Type: " + MultipartBody.TYPE + "\r\nContent-Length: "
                    + whole.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(whole, 0, whole.length / 2);
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
        }
        assertEquals(before, server.stored());
        for (long end = System.nanoTime() + 10_000_000_000L; !server.spoolIsEmpty();) {
            assertTrue(System.nanoTime() < end, "the spool of a cut upload stays");
            Thread.onSpinWait();
        }
    }

    @Test
    void theSameBytesAreStoredOnceAndTheReplyDoesNotSay() {
        String name = freshName();
        JsonNode first = accepted(server.upload("bob", name, folder("adapters/l3-r16-all")
                .field("base_model", "tiny-llama3")));
        long artifacts = server.count("artifact");
        JsonNode second = accepted(server.upload("bob", name, folder("adapters/l3-r16-all")
                .field("base_model", "tiny-llama3")));
        assertEquals(artifacts, server.count("artifact"));
        assertEquals(2, second.get("version").asInt());
        ((ObjectNode) second).put("version", 1);
        assertEquals(first, second);
    }

    @Test
    void theDownloadedZipHoldsTheSameBytesAndUploadsAgain() throws IOException {
        String name = freshName();
        JsonNode first = accepted(server.upload("bob", name, folder("adapters/l3-dora-r8")
                .field("base_model", "tiny-llama3")));
        HttpResponse<byte[]> zip = server.http.get("bob", "/admin/v1/adapters/" + name + "/versions/1/files");
        assertEquals(200, zip.statusCode());
        assertEquals("application/octet-stream", zip.headers().firstValue("content-type").orElseThrow());
        assertEquals("sandbox", zip.headers().firstValue("content-security-policy").orElseThrow());
        assertEquals("nosniff", zip.headers().firstValue("x-content-type-options").orElseThrow());
        assertTrue(zip.headers().firstValue("content-disposition").orElseThrow().startsWith("attachment"));
        Map<String, byte[]> files = CatalogServer.files(CatalogServer.RESOURCES.resolve("adapters/l3-dora-r8"));
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip.body()))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                assertArrayEquals(files.remove(entry.getName()), in.readAllBytes(), entry.getName());
            }
        }
        assertTrue(files.isEmpty(), files.keySet().toString());
        JsonNode again = accepted(server.upload("bob", name, new MultipartBody().file("f", "again.zip", zip.body())
                .field("base_model", "tiny-llama3")));
        assertEquals(first.get("digest"), again.get("digest"));
    }

    @Test
    void aTenantsLimitsHold() {
        String bob = server.callers.get("bob").tenantId();
        long before = server.count("adapter_version");
        server.database.asOperator(handle -> handle.execute(
                "INSERT INTO tenant_limits (tenant_id, storage_bytes) VALUES (?, 10)", bob));
        refused(429, "insufficient_quota", server.upload("bob", freshName(), folder("adapters/l3-r4-qv")
                .field("base_model", "tiny-llama3")));
        server.database.asOperator(handle -> handle.execute("DELETE FROM tenant_limits"));
        assertEquals(before, server.count("adapter_version"));
    }

    private static Map<String, byte[]> under(String prefix) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        SOUND.forEach((name, bytes) -> entries.put(prefix + name, bytes));
        return entries;
    }
}
