package graft.benchmarks.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A server's process: started, waited for until it answers, looked at, stopped. */
public final class ServerProcess implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration START = Duration.ofMinutes(8);
    private final Process process;
    private final double readySeconds;

    private ServerProcess(Process process, double readySeconds) {
        this.process = process;
        this.readySeconds = readySeconds;
    }

    /**
     * @param log    takes its output
     * @param health answers 200 once the server is ready
     */
    public static ServerProcess start(List<String> command, Map<String, String> environment, Path log, String health)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        long start = System.nanoTime();
        Process process = builder.start();
        // A benchmark that is broken off leaves no server behind.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        while (!answers(health)) {
            if (!process.isAlive() || System.nanoTime() - start > START.toNanos()) {
                process.destroyForcibly();
                throw new IOException(command.getFirst() + " did not become ready; its output is " + log);
            }
            LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
        }
        return new ServerProcess(process, (System.nanoTime() - start) / 1e9);
    }

    private static boolean answers(String health) {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(health)).timeout(Duration.ofSeconds(5)).build();
            return HTTP.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException notYet) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public double readySeconds() {
        return readySeconds;
    }

    public long pid() {
        return process.pid();
    }

    /** A number of /proc/PID/status: VmHWM is the peak of resident memory, VmRSS the present one; in MiB. */
    public double statusMebibytes(String field) throws IOException {
        return status(field) / 1024.0;
    }

    public long status(String field) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(pid()), "status")))
            if (line.startsWith(field + ":")) return Long.parseLong(line.replaceAll("[^0-9]", ""));
        throw new IOException("no " + field + " of " + pid());
    }

    public int openFiles() throws IOException {
        try (var files = Files.list(Path.of("/proc", String.valueOf(pid()), "fd"))) {
            return Math.toIntExact(files.count());
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) process.destroyForcibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
