package graft;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A {@link FakeServer} in a process of its own, which a test may kill. Closing it drains. */
final class ChildServer implements AutoCloseable {
    private final Process process;
    private final int port;

    private ChildServer(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** @param port 0 for a free one; @param properties of the JVM; @param settings by the names of their variables */
    static ChildServer start(Path data, int port, Map<String, String> properties, Map<String, String> settings)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-Xmx640m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4",
                "-Dgraft.root=" + System.getProperty("graft.root")));
        properties.forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path",
                System.getProperty("java.class.path")), "graft.FakeServer", "--port", String.valueOf(port), "--data",
                data.toString(), "--no-demo"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(settings);
        Process process = builder.start();
        BufferedReader output = process.inputReader();
        StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            said.append(line).append('\n');
            int at = line.indexOf("Graft is ready on http://127.0.0.1:");
            if (at < 0) continue;
            Thread.ofVirtual().start(() -> drain(output));
            return new ChildServer(process, Integer.parseInt(line.substring(line.lastIndexOf(':') + 1).strip()));
        }
        throw new IOException("the server ended before it was ready: " + said);
    }

    private static void drain(BufferedReader output) {
        try {
            output.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // it has ended, and its pipe with it
        }
    }

    int port() {
        return port;
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    /** As kill -9. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
