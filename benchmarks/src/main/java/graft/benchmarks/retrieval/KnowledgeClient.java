package graft.benchmarks.retrieval;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a user does with knowledge stores over HTTP. Any thread may call; a busy server is asked again. */
final class KnowledgeClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PATIENCE = 600; // refusals with 429, a second apart
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String url;
    private final String key;

    KnowledgeClient(String url, String key) {
        this.url = url;
        this.key = key;
    }

    /** @param filename names the document; @param rank from 1 */
    record Hit(String filename, int rank) {}

    /** Completed and failed files. */
    record Progress(int inProgress, int completed, int failed) {}

    Optional<String> findStore(String name) throws IOException {
        for (JsonNode store : get("/v1/vector_stores?limit=100").path("data")) {
            if (store.path("name").asText().equals(name)) return Optional.of(store.path("id").asText());
        }
        return Optional.empty();
    }

    String createStore(String name) throws IOException {
        return post("/v1/vector_stores", Map.of("name", name)).path("id").asText();
    }

    String upload(String filename, String text) throws IOException {
        String border = "graft-bench-7MA4YWxkTrZu0gW";
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(("--" + border + "\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nassistants\r\n--"
                + border + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + filename
                + "\"\r\nContent-Type: text/plain\r\n\r\n").getBytes(StandardCharsets.UTF_8));
        body.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        body.writeBytes(("\r\n--" + border + "--\r\n").getBytes(StandardCharsets.UTF_8));
        return send(request("/v1/files").header("Content-Type", "multipart/form-data; boundary=" + border)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())).build()).path("id").asText();
    }

    void addBatch(String store, List<String> files) throws IOException {
        post("/v1/vector_stores/" + store + "/file_batches", Map.of("file_ids", files));
    }

    Progress progress(String store) throws IOException {
        JsonNode counts = get("/v1/vector_stores/" + store).path("file_counts");
        return new Progress(counts.path("in_progress").asInt(), counts.path("completed").asInt(),
                counts.path("failed").asInt());
    }

    /** The reasons of some files that failed. */
    List<String> failures(String store) throws IOException {
        List<String> reasons = new ArrayList<>();
        get("/v1/vector_stores/" + store + "/files?filter=failed&limit=3").path("data")
                .forEach(file -> reasons.add(file.path("last_error").path("message").asText()));
        return reasons;
    }

    /** @param ranking {@code bm25}, {@code vector} or {@code fused} */
    List<Hit> search(String store, String query, String ranking, int most) throws IOException {
        JsonNode found = post("/v1/vector_stores/" + store + "/search", Map.of("query", query,
                "graft", Map.of("ranking", ranking, "max_num_results", most)));
        List<Hit> hits = new ArrayList<>();
        found.path("data").forEach(row -> hits.add(new Hit(row.path("filename").asText(), hits.size() + 1)));
        return hits;
    }

    private JsonNode get(String path) throws IOException {
        return send(request(path).GET().build());
    }

    private JsonNode post(String path, Map<String, ?> body) throws IOException {
        return send(request(path).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body))).build());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofMinutes(5))
                .header("Authorization", "Bearer " + key);
    }

    private JsonNode send(HttpRequest request) throws IOException {
        try {
            for (int attempt = 1;; attempt++) {
                HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
                if (response.statusCode() == 200) return JSON.readTree(response.body());
                if (response.statusCode() != 429 || attempt == PATIENCE) {
                    throw new IOException(request.uri().getPath() + " answered " + response.statusCode() + ": "
                            + new String(response.body(), StandardCharsets.UTF_8));
                }
                Thread.sleep(Duration.ofSeconds(response.headers().firstValueAsLong("Retry-After").orElse(1)));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
