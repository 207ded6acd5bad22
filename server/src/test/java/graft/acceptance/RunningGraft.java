package graft.acceptance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A Graft started as a user starts it, by {@code ./graft up}, and spoken to over HTTP only. Closing it sends SIGTERM and
 * waits for the drain.
 */
public final class RunningGraft implements AutoCloseable {
    public static final Path ROOT = Path.of(System.getProperty("graft.root"));
    public static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration START = Duration.ofMinutes(5);
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Process process;
    private final int port;
    private final Path data;
    private final long readyMillis;

    private RunningGraft(Process process, int port, Path data, long readyMillis) {
        this.process = process;
        this.port = port;
        this.data = data;
        this.readyMillis = readyMillis;
    }

    public static RunningGraft up(Path data, Map<String, String> settings, String... arguments) throws IOException {
        int port = freePort();
        List<String> command = new ArrayList<>(List.of(ROOT.resolve("graft").toString(), "up", "--port",
                String.valueOf(port), "--data", data.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(ROOT.toFile()).redirectErrorStream(true);
        builder.environment().putAll(settings);
        return ready(builder, port, data);
    }

    /** Starts a server otherwise than by the launcher. @param builder starts one that says on its output when it is ready */
    static RunningGraft ready(ProcessBuilder builder, int port, Path data) throws IOException {
        long start = System.nanoTime();
        Process process = builder.start();
        StringBuilder output = new StringBuilder();
        BufferedReader reader = process.inputReader();
        Thread watchdog = Thread.ofVirtual().start(() -> killUnlessReady(process));
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            output.append(line).append('\n');
            if (line.contains("Graft is ready on http://") && line.endsWith(":" + port)) {
                watchdog.interrupt();
                Thread.ofVirtual().start(() -> drain(reader));
                return new RunningGraft(process, port, data, (System.nanoTime() - start) / 1_000_000);
            }
        }
        throw new IllegalStateException("Graft ended before it was ready:\n" + output);
    }

    /** What nobody reads would stop the server once the pipe is full. */
    private static void drain(BufferedReader output) {
        try {
            output.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // the server has ended and its pipe with it
        }
    }

    private static void killUnlessReady(Process process) {
        try {
            if (!process.waitFor(START.toMillis(), TimeUnit.MILLISECONDS)) process.destroyForcibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // it became ready: nothing to watch any more
        }
    }

    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String url() {
        return "http://127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    public Path data() {
        return data;
    }

    /** From starting the launcher to its ready line. */
    public long readyMillis() {
        return readyMillis;
    }

    public String demoKey() {
        return key("demo.key");
    }

    public String adminKey() {
        return key("admin.key");
    }

    private String key(String file) {
        try {
            return Files.readString(data.resolve(file)).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public record Reply(int status, JsonNode json, HttpResponse<byte[]> response) {}

    public Reply get(String key, String path) {
        return send(request(key, path).GET().build());
    }

    public Reply delete(String key, String path) {
        return send(request(key, path).DELETE().build());
    }

    public Reply post(String key, String path, Object body) {
        return send(request(key, path).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(text(body))).build());
    }

    public Reply put(String key, String path, Object body) {
        return send(request(key, path).header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(text(body))).build());
    }

    public HttpRequest.Builder request(String key, String path) {
        return HttpRequest.newBuilder(URI.create(url() + path)).timeout(Duration.ofMinutes(5))
                .header("Authorization", "Bearer " + key);
    }

    public Reply send(HttpRequest request) {
        try {
            HttpResponse<byte[]> response = HTTP.send(request, HttpResponse.BodyHandlers.ofByteArray());
            String type = response.headers().firstValue("Content-Type").orElse("");
            JsonNode json = type.startsWith("application/json") ? JSON.readTree(response.body()) : JSON.nullNode();
            return new Reply(response.statusCode(), json, response);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String text(Object body) {
        try {
            return body instanceof String text ? text : JSON.writeValueAsString(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @return the exit code after SIGTERM */
    public int stop() {
        process.destroy();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("no drain within 60 s of SIGTERM");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return process.exitValue();
    }

    /** As kill -9 does: launcher and server at once, without a word. */
    public void kill() throws InterruptedException {
        process.descendants().filter(child -> child.info().command().orElse("").endsWith("java"))
                .forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        if (process.isAlive()) stop();
    }
}
