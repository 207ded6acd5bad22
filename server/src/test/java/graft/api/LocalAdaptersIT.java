package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** vLLM's endpoints: adapters from folders of the server, within those that are allowed. */
class LocalAdaptersIT {
    @TempDir
    private Path work;
    private CatalogServer server;
    private Path allowed;

    @BeforeEach
    void start() throws IOException {
        allowed = Files.createDirectories(work.resolve("allowed"));
        server = new CatalogServer(work, "tiny-llama3");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static Path adapter(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (Map.Entry<String, byte[]> file : TensorBytes.SOUND.entrySet())
            Files.write(folder.resolve(file.getKey()), file.getValue());
        return folder;
    }

    private JsonNode call(int status, String key, String what, String json) {
        HttpResponse<byte[]> response = server.http.send(key, "POST", "/v1/" + what + "_lora_adapter", json);
        assertEquals(status, response.statusCode(), new String(response.body(), StandardCharsets.UTF_8));
        return CatalogServer.json(response);
    }

    private static String asked(String name, Path path, String more) {
        return "{\"lora_name\":\"" + name + "\",\"lora_path\":\"" + path + "\"" + more + "}";
    }

    @Test
    void aFolderIsLoadedProvedSharedAndUnloadedAgain() throws IOException {
        Path folder = adapter(allowed.resolve("team/one"));
        Files.createDirectories(folder.resolve("checkpoint-10"));
        JsonNode loaded = call(200, "operator", "load", asked("one", folder, ""));
        assertEquals(1, loaded.get("version").asInt());
        assertEquals(Optional.of("one@1"), server.catalog.resolve(server.callers.get("bob"), "one", Optional.empty())
                .map(model -> model.name()));
        JsonNode version = CatalogServer.json(server.http.get("operator", "/admin/v1/adapters/one/versions/1"));
        assertEquals("folder", version.get("origin").asText());
        call(400, "operator", "load", asked("one", folder, ""));
        assertEquals(2, call(200, "operator", "load", asked("one", folder, ",\"load_inplace\":true")).get("version")
                .asInt());
        assertEquals(Optional.of("one@2"), server.catalog.resolve(server.callers.get("bob"), "one", Optional.empty())
                .map(model -> model.name()));
        call(200, "operator", "unload", "{\"lora_name\":\"one\"}");
        call(404, "operator", "unload", "{\"lora_name\":\"one\"}");
        assertEquals(0, server.count("adapter"));
        assertEquals(2, server.forgotten.size());
    }

    @Test
    void nothingLeadsOutOfTheAllowedFolders() throws IOException {
        Path outside = adapter(work.resolve("outside"));
        Files.createSymbolicLink(allowed.resolve("link"), outside);
        Path half = adapter(allowed.resolve("half"));
        Files.delete(half.resolve("adapter_model.safetensors"));
        Files.createSymbolicLink(half.resolve("adapter_model.safetensors"),
                outside.resolve("adapter_model.safetensors"));
        Path within = adapter(allowed.resolve("within"));
        Files.createSymbolicLink(allowed.resolve("alias"), within);
        JsonNode absent = call(400, "operator", "load", asked("a", allowed.resolve("absent"), ""));
        for (Path bad : new Path[] {outside, allowed.resolve("link"), half, allowed.resolve("../outside"),
                Path.of("/etc"), within.resolve("adapter_config.json"), work})
            assertEquals(absent, call(400, "operator", "load", asked("a", bad, "")), bad.toString());
        call(400, "operator", "load", "{\"lora_name\":\"a\",\"lora_path\":\"a\\u0000b\"}");
        call(400, "operator", "load", "{\"lora_name\":\"a\"}");
        call(400, "operator", "load", "{\"lora_path\":\"/\"}");
        call(403, "alice", "load", asked("a", within, ""));
        call(403, "alice", "unload", "{\"lora_name\":\"a\"}");
        assertEquals(0, server.stored());
        call(200, "operator", "load", asked("a", allowed.resolve("alias"), ""));
    }

    @Test
    void aFolderIsProvedAsAnUploadIsAndAnUploadIsNotUnloaded() throws IOException {
        Path folder = adapter(allowed.resolve("bad"));
        Files.write(folder.resolve("training_args.bin"), new byte[3]);
        String said = call(422, "operator", "load", asked("a", folder, "")).at("/error/message").asText();
        assertTrue(said.contains("training_args.bin"), said);
        Files.delete(folder.resolve("training_args.bin"));
        Files.write(folder.resolve("adapter_model.safetensors"), new byte[9]);
        call(422, "operator", "load", asked("a", folder, ""));
        assertEquals(0, server.stored());
        assertTrue(server.spoolIsEmpty());
        server.upload("operator", "mine", CatalogServer.folder("adapters/l3-r4-qv"));
        call(409, "operator", "unload", "{\"lora_name\":\"mine\"}");
        assertEquals(1, server.count("adapter"));
    }
}
