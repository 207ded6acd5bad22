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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Clients as they are: three of ten leave a stream at a random token, one of ten sends its request again under the same
 * Idempotency-Key, and all go on when the server comes back.
 */
final class ChaosClients implements AutoCloseable {
    /** No event here tells that a dead server's lease has ended: it is looked for so often. */
    private static final long LEASE_LOOK_MILLIS = 100;
    private final int port;
    private final String key;
    private final String model;
    private final int maxTokens;
    private final long seed;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5)).build();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger whole = new AtomicInteger();
    private final AtomicInteger cut = new AtomicInteger();
    private final AtomicInteger broken = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger replayed = new AtomicInteger();
    private final AtomicInteger twice = new AtomicInteger();
    private final AtomicLong delivered = new AtomicLong();
    private final List<Thread> threads = new ArrayList<>();
    private final Lock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();
    /** Under the lock, as are the two below. */
    private int requests;
    private int ended;
    private boolean away;
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
        this.requests = requests;
        for (int client = 0; client < clients; client++) {
            threads.add(Thread.ofVirtual().start(() -> {
                for (int i = next.getAndIncrement(); i < requests && !closing; i = next.getAndIncrement()) {
                    try {
                        one(i);
                    } finally {
                        ended();
                    }
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

    /** A server that is away is asked again when it is back; a stream that broke is over. */
    private String awaitServer(Attempt attempt) {
        while (!closing) {
            try {
                String answer = attempt.run();
                if (answer != null) return answer;
                refused.incrementAndGet();
                awaitNews();
            } catch (IOException e) {
                try {
                    awaitBack();
                } catch (InterruptedException stop) {
                    return null;
                }
            } catch (InterruptedException e) {
                return null;
            }
        }
        return null;
    }

    /** Before a kill or a restart: whoever meets a closed door from now on waits for {@link #back()}. */
    void away() {
        lock.lock();
        try {
            away = true;
        } finally {
            lock.unlock();
        }
    }

    void back() {
        lock.lock();
        try {
            away = false;
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void awaitBack() throws InterruptedException {
        lock.lock();
        try {
            while (away && !closing) news.await();
        } finally {
            lock.unlock();
        }
    }

    /** Refused for now: what can change that is another request's end, the server's return, or a lease's end. */
    private void awaitNews() throws InterruptedException {
        lock.lock();
        try {
            if (!closing) news.await(LEASE_LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } finally {
            lock.unlock();
        }
    }

    private void ended() {
        lock.lock();
        try {
            ended++;
            news.signalAll();
        } finally {
            lock.unlock();
        }
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
        lock.lock();
        try {
            while (ended < Math.min(count, requests) && !closing) news.await();
        } finally {
            lock.unlock();
        }
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
