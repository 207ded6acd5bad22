package graft;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients as they are: three of ten leave a stream at a random token, one of ten sends its request again under the same
 * Idempotency-Key, and all go on when the server comes back.
 */
final class ChaosClients implements AutoCloseable {
    private final int port;
    private final String key;
    private final String model;
    private final int maxTokens;
    private final long seed;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5)).build();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final AtomicInteger whole = new AtomicInteger();
    private final AtomicInteger cut = new AtomicInteger();
    private final AtomicInteger broken = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger replayed = new AtomicInteger();
    private final AtomicInteger twice = new AtomicInteger();
    private final AtomicLong delivered = new AtomicLong();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closing;

    ChaosClients(int port, String key, String model, int maxTokens, long seed) throws Exception {
        this.port = port;
        this.key = key;
        this.model = model;
        this.maxTokens = maxTokens;
        this.seed = seed;
        // Limits that never refuse, so that every request holds something.
        HttpResponse<String> limits = http.send(request("/admin/v1/tenants/operator/limits").PUT(
                HttpRequest.BodyPublishers.ofString("{\"max_parallel_requests\":100000,"
                        + "\"tokens_per_minute\":1000000000,\"budget\":{\"amount_micros\":1000000000000,\"period\":\"total\"}}")).build(),
                HttpResponse.BodyHandlers.ofString());
        if (limits.statusCode() != 200) throw new IOException(limits.body());
    }

    void start(int requests, int clients) {
        for (int client = 0; client < clients; client++) {
            threads.add(Thread.ofVirtual().start(() -> {
                for (int i = next.getAndIncrement(); i < requests && !closing; i = next.getAndIncrement()) {
                    one(i);
                    ended.incrementAndGet();
                }
            }));
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).timeout(Duration.ofSeconds(120))
                .header("Authorization", "Bearer " + key).header("Content-Type", "application/json");
    }

    private void one(int number) {
        Random random = new Random(seed + number);
        int tokens = random.nextInt(maxTokens / 4, maxTokens + 1);
        int kind = random.nextInt(10);
        int leaveAt = kind < 3 ? random.nextInt(tokens) : Integer.MAX_VALUE;
        String body = "{\"model\":\"" + model + "\",\"stream\":" + (kind != 9) + ",\"max_tokens\":" + tokens
                + ",\"ignore_eos\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Request " + number + "\"}]}";
        if (kind == 9) retried(body, "chaos-" + seed + "-" + number);
        else awaitServer(() -> stream(body, leaveAt));
    }

    /** Whole at least once, then again: the second answer has to be the first one's copy. */
    private void retried(String body, String idempotencyKey) {
        String first = awaitServer(() -> whole(body, idempotencyKey));
        String again = awaitServer(() -> whole(body, idempotencyKey));
        if (first != null && again != null && !first.equals(again)) twice.incrementAndGet();
    }

    @FunctionalInterface
    private interface Attempt {
        /** @return the answer; null if it was refused for now */
        String run() throws IOException, InterruptedException;
    }

    /** A server that is away is asked again; a stream that broke is over. */
    private String awaitServer(Attempt attempt) {
        while (!closing) {
            try {
                String answer = attempt.run();
                if (answer != null) return answer;
                refused.incrementAndGet();
                Thread.sleep(50); // the pause a client makes after Retry-After, cut short
            } catch (IOException e) {
                try {
                    Thread.sleep(100);
                } catch (InterruptedException stop) {
                    return null;
                }
            } catch (InterruptedException e) {
                return null;
            }
        }
        return null;
    }

    private String whole(String body, String idempotencyKey) throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(request("/v1/chat/completions").header("Idempotency-Key",
                idempotencyKey).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) return null;
        if (answer.headers().firstValue("Idempotency-Replayed").isPresent()) replayed.incrementAndGet();
        else whole.incrementAndGet();
        return answer.body();
    }

    private String stream(String body, int leaveAt) throws IOException, InterruptedException {
        HttpResponse<InputStream> answer = http.send(request("/v1/chat/completions")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream in = answer.body(); BufferedReader lines = new BufferedReader(new InputStreamReader(in,
                StandardCharsets.UTF_8))) {
            if (answer.statusCode() != 200) return null;
            int seen = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.contains("[DONE]")) {
                    whole.incrementAndGet();
                    return "";
                }
                if (!line.contains("\"content\":\"") || line.contains("\"content\":\"\"")) continue;
                delivered.incrementAndGet();
                if (seen++ >= leaveAt) {
                    cut.incrementAndGet();
                    return "";
                }
            }
        } catch (IOException e) {
            // the server was killed under it
        }
        broken.incrementAndGet();
        return "";
    }

    /** Waits until so many requests have ended. */
    void awaitEnded(int count) throws InterruptedException {
        while (ended.get() < count && threads.stream().anyMatch(Thread::isAlive)) Thread.sleep(5);
    }

    void join() throws InterruptedException {
        for (Thread thread : threads) thread.join();
    }

    /** Requests whose retry was run instead of being answered from the first. */
    int billedTwice() {
        return twice.get();
    }

    int replayed() {
        return replayed.get();
    }

    @Override
    public String toString() {
        return "whole=" + whole + " cut-by-client=" + cut + " broken=" + broken + " refused=" + refused
                + " tokens-seen=" + delivered;
    }

    @Override
    public void close() {
        closing = true;
        for (Thread thread : threads) thread.interrupt();
        http.shutdownNow();
    }
}
