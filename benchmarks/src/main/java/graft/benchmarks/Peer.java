package graft.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server under test: started for one benchmark, stopped after it. */
interface Peer extends AutoCloseable {
    String name();

    LoadGenerator load();

    @Override
    void close();

    /** Graft itself, by {@code ./graft up} on a fresh data folder. */
    static Started graft(Path root) throws IOException {
        return graft(root, Files.createTempDirectory("graft-bench-").resolve("data"));
    }

    /** Graft itself on this data folder, which may hold what an earlier run left. */
    static Started graft(Path root, Path data) throws IOException {
        int port = freePort();
        Process process = new ProcessBuilder(root.resolve("graft").toString(), "up", "--port", String.valueOf(port),
                "--data", data.toString()).redirectErrorStream(true).start();
        BufferedReader output = process.inputReader();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            System.err.println(line);
            if (!line.contains("Graft is ready on ")) continue;
            Thread.ofVirtual().start(() -> drain(output));
            String key = Files.readString(data.resolve("demo.key")).strip();
            String url = "http://127.0.0.1:" + port;
            return new Started("graft", url, key, new LoadGenerator(url, key), process);
        }
        throw new IOException("./graft up ended before it was ready");
    }

    /** What nobody reads would stop the server once the pipe is full. */
    private static void drain(BufferedReader output) {
        try {
            output.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // the server has ended and its pipe with it
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** @param key of the demo's tenant */
    record Started(String name, String url, String key, LoadGenerator load, Process process) implements Peer {
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

    /** What a scenario measures on one peer. */
    record Workload(String name, List<String> models, int streams, int maxTokens) {}
}
