package graft.api;

import static graft.api.CatalogServer.folder;
import static graft.api.CatalogServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.ResolvedModel;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A server a test, and what tests of its adapters ask of it. */
abstract class AdapterRequests {
    @TempDir
    private Path work;
    CatalogServer server;

    @BeforeEach
    void start() {
        server = new CatalogServer(work, "tiny-llama3");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    final int upload(String key, String name, String folder, String... fields) {
        MultipartBody body = folder("adapters/" + folder);
        for (int i = 0; i < fields.length; i += 2) body.field(fields[i], fields[i + 1]);
        HttpResponse<byte[]> response = server.upload(key, name, body);
        assertEquals(201, response.statusCode(), text(response));
        return json(response).get("version").asInt();
    }

    static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    final JsonNode call(int status, String key, String method, String path, String body) {
        HttpResponse<byte[]> response = server.http.send(key, method, "/admin/v1/adapters" + path, body);
        assertEquals(status, response.statusCode(), text(response));
        return json(response);
    }

    final JsonNode get(String key, String path) {
        return call(200, key, "GET", path, "");
    }

    final Optional<String> resolve(String key, String model) {
        return server.catalog.resolve(server.callers.get(key), model, Optional.empty()).map(ResolvedModel::name);
    }

    static List<String> names(JsonNode list) {
        return StreamSupport.stream(list.get("data").spliterator(), false)
                .map(one -> one.get("name").asText()).toList();
    }
}
