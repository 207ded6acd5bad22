package graft.benchmarks.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Streams completions from an OpenAI-compatible server, as many at once as asked. Any thread may call. */
public final class CompletionClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final Duration LONGEST = Duration.ofMinutes(10);
    private final String url;
    private final String key;

    public CompletionClient(String url, String key) {
        this.url = url;
        this.key = key;
    }

    /** All at once; returns when the last has ended. */
    public List<Streamed> together(List<Map<String, Object>> bodies) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Streamed>> running = new ArrayList<>();
            for (Map<String, Object> body : bodies) running.add(threads.submit(() -> stream(body)));
            List<Streamed> done = new ArrayList<>();
            for (Future<Streamed> one : running) done.add(one.get());
            return done;
        } catch (ExecutionException | InterruptedException e) {
            throw new IllegalStateException("a stream failed: " + e.getMessage(), e);
        }
    }

    public Streamed stream(Map<String, Object> body) throws IOException, InterruptedException {
        HttpRequest request = request("/v1/completions").header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body))).build();
        long start = System.nanoTime();
        HttpResponse<Stream<String>> response = HTTP.send(request, HttpResponse.BodyHandlers.ofLines());
        List<Long> chunks = new ArrayList<>();
        try (Stream<String> lines = response.body()) {
            if (response.statusCode() != 200)
                throw new IOException(response.statusCode() + ": " + String.join("", lines.toList()));
            for (Iterator<String> each = lines.iterator(); each.hasNext();) {
                String line = each.next();
                if (line.startsWith("error") || line.contains("\"error\":{")) throw new IOException(line);
                if (line.startsWith("data: {") && hasAnswer(line)) chunks.add(System.nanoTime());
            }
        }
        if (chunks.isEmpty()) throw new IOException("no token came from " + url);
        return new Streamed(start, chunks.stream().flatMapToLong(LongStream::of).toArray(),
                (Integer) body.get("max_tokens"));
    }

    /** A streamed chat answer. @param body without stream and its options */
    public Told chat(Map<String, Object> body) throws IOException {
        Map<String, Object> asked = new LinkedHashMap<>(body);
        asked.put("stream", true);
        asked.put("stream_options", Map.of("include_usage", true));
        HttpRequest request = request("/v1/chat/completions").header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(asked))).build();
        long start = System.nanoTime();
        long first = 0;
        long last = 0;
        StringBuilder text = new StringBuilder();
        JsonNode usage = null;
        try (Stream<String> lines = HTTP.send(request, HttpResponse.BodyHandlers.ofLines()).body()) {
            for (Iterator<String> each = lines.iterator(); each.hasNext();) {
                String line = each.next();
                if (!line.startsWith("data: {")) continue;
                JsonNode chunk = JSON.readTree(line.substring(6));
                String piece = chunk.at("/choices/0/delta/content").asText("");
                if (!piece.isEmpty()) last = System.nanoTime();
                if (first == 0) first = last;
                text.append(piece);
                if (chunk.hasNonNull("usage")) usage = chunk.get("usage");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
        if (first == 0 || usage == null) throw new IOException("no answer came from " + url + ": " + text);
        return new Told(start, first, last, usage.path("completion_tokens").asInt(), text.toString());
    }

    /** An answer and when its text came, by System.nanoTime. @param tokens of all of it */
    public record Told(long start, long first, long last, int tokens, String text) {}

    /** The last chunks carry only the reason of the end and what was used. */
    private static boolean hasAnswer(String line) throws IOException {
        JsonNode choice = JSON.readTree(line.substring(6)).at("/choices/0");
        return choice.isObject() && !choice.hasNonNull("finish_reason");
    }

    public HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).timeout(LONGEST)
                .header("Authorization", "Bearer " + key);
    }

    /** @throws IOException unless the server answers with a 2xx */
    public JsonNode send(HttpRequest request) throws IOException {
        return JSON.readTree(text(request));
    }

    /** @throws IOException unless the server answers with a 2xx */
    public String text(HttpRequest request) throws IOException {
        try {
            HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() / 100 == 2) return response.body();
            throw new IOException(request.uri() + ": " + response.statusCode() + " " + response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
