package graft.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Sends chat completions to any OpenAI-compatible server, so many at once, and counts the tokens its usage reports. */
final class LoadGenerator {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String url;
    private final String key;

    LoadGenerator(String url, String key) {
        this.url = url;
        this.key = key;
    }

    /** @return generated tokens a second of wall clock, over all streams */
    double tokensPerSecond(List<String> models, int streams, int maxTokens) {
        long start = System.nanoTime();
        long tokens = 0;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> answers = new ArrayList<>();
            for (int i = 0; i < streams; i++) {
                String model = models.get(i % models.size());
                String prompt = "Write a long story about the number " + (i + 10) + ".";
                answers.add(threads.submit(() -> complete(model, prompt, maxTokens)));
            }
            for (Future<Integer> answer : answers) tokens += answer.get();
        } catch (ExecutionException | InterruptedException e) {
            throw new IllegalStateException("a stream failed", e);
        }
        return tokens / ((System.nanoTime() - start) / 1e9);
    }

    private int complete(String model, String prompt, int maxTokens) throws IOException, InterruptedException {
        String body = JSON.writeValueAsString(Map.of("model", model, "max_tokens", maxTokens, "temperature", 0,
                "messages", List.of(Map.of("role", "user", "content", prompt))));
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/v1/chat/completions"))
                .timeout(Duration.ofMinutes(5)).header("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        JsonNode json = JSON.readTree(response.body());
        if (response.statusCode() != 200) throw new IOException(response.statusCode() + ": " + response.body());
        return json.at("/usage/completion_tokens").asInt();
    }
}
