package graft.registry.postgres;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The running server process under a small shell that stops it when we are gone. */
final class PostgresProcess {
    private static final System.Logger LOG = System.getLogger("graft.postgres");
    private static final int LINES_KEPT = 20;
    /**
     * The shell reads a pipe that only we hold: when it closes, because we closed it or were killed, it asks for a fast
     * shutdown (SIGINT). A session of its own keeps a terminal's Ctrl-C away, which would end Postgres before the drain.
     */
    private static final String WATCH = """
            exec 3<&0
            "$@" 3<&- </dev/null & server=$!
            { read -r _ <&3; kill -INT "$server"; } 2>/dev/null & watcher=$!
            wait "$server"; code=$?
            kill "$watcher" 2>/dev/null
            exit "$code"
            """;

    private final ClusterFolder data;
    private final Process shell;
    private final int port;
    private final Duration stopping;
    private final Thread reader;
    private final Deque<String> lastLines = new ArrayDeque<>();
    private volatile boolean stopped;
    private long postmasterPid;

    /** Somebody took the port between our asking and Postgres's binding. */
    static final class PortTaken extends RuntimeException {
        private static final long serialVersionUID = 1;

        PortTaken(String message) {
            super(message);
        }
    }

    private PostgresProcess(ClusterFolder data, Process shell, int port, Duration stopping) {
        this.data = data;
        this.shell = shell;
        this.port = port;
        this.stopping = stopping;
        this.reader = Thread.ofVirtual().name("postgres-log").start(this::readLog);
    }

    static PostgresProcess launch(ClusterFolder data, PostgresBinaries binaries, int port,
            EmbeddedPostgres.Options options) throws IOException {
        List<String> postgres = new ArrayList<>(List.of(binaries.program("postgres"), "-D", data.path().toString()));
        settings(port, options.settings()).forEach((key, value) -> postgres.addAll(List.of("-c", key + "=" + value)));
        List<String> command = new ArrayList<>(List.of("setsid", "sh", "-c", WATCH, "graft-postgres"));
        command.addAll(data.user().command(postgres, data.path().resolve("PG_VERSION"),
                binaries.bin().resolve("postgres")));
        Process shell;
        try {
            shell = new ProcessBuilder(command).redirectErrorStream(true).directory(Path.of("/").toFile()).start();
        } catch (IOException e) {
            throw new PostgresException("The programs setsid and setpriv are needed: install util-linux.", e);
        }
        PostgresProcess process = new PostgresProcess(data, shell, port, options.stopping());
        try {
            process.awaitReady(options.starting());
            return process;
        } catch (IOException | RuntimeException e) {
            process.stop();
            throw e;
        }
    }

    private static Map<String, String> settings(int port, Map<String, String> given) {
        Map<String, String> settings = new TreeMap<>(Map.of(
                "listen_addresses", "127.0.0.1",
                "unix_socket_directories", "",
                "password_encryption", "scram-sha-256",
                // Statements may hold documents and prompts: they never reach a log.
                "log_min_error_statement", "panic",
                "log_line_prefix", ""));
        settings.putAll(given);
        settings.put("port", String.valueOf(port));
        return settings;
    }

    private void awaitReady(Duration patience) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!data.isReady()) {
            if (!shell.isAlive()) throw failed("ended while starting");
            if (System.nanoTime() > deadline) throw failed("was not ready after " + patience.toSeconds() + " s");
            ClusterFolder.pause();
        }
        postmasterPid = data.postmasterPid();
    }

    private RuntimeException failed(String what) {
        joinReader();
        String log;
        synchronized (lastLines) {
            log = String.join(" | ", lastLines);
        }
        String message = "PostgreSQL " + what + ": " + log;
        return log.contains("could not bind") ? new PortTaken(message) : new PostgresException(message);
    }

    private void joinReader() {
        try {
            reader.join(Duration.ofSeconds(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void readLog() {
        try (BufferedReader lines = shell.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                synchronized (lastLines) {
                    lastLines.addLast(line);
                    if (lastLines.size() > LINES_KEPT) lastLines.removeFirst();
                }
                // Sessions that a shutdown ends each call that fatal.
                boolean serious = !stopped && (line.startsWith("FATAL") || line.startsWith("PANIC"));
                LOG.log(serious ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG, line);
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "postgres log ended: " + e.getMessage());
        }
    }

    int port() {
        return port;
    }

    long postmasterPid() {
        return postmasterPid;
    }

    boolean isAlive() {
        return shell.isAlive();
    }

    void awaitEnd() throws InterruptedException {
        shell.waitFor();
    }

    /** Closing our end of the pipe asks for the fast shutdown; what does not obey in time is killed. */
    void stop() {
        stopped = true;
        try {
            shell.getOutputStream().close();
            if (shell.waitFor(stopping.toMillis(), TimeUnit.MILLISECONDS)) return;
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "postgres could not be asked to stop", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LOG.log(System.Logger.Level.WARNING, "postgres did not stop in time and is killed, pid={0}", postmasterPid);
        ProcessHandle.of(postmasterPid).filter(process -> postmasterPid > 0).ifPresent(ProcessHandle::destroyForcibly);
        shell.destroyForcibly();
    }

    /** SIGINT, which Java can't send: a fast shutdown, where its SIGTERM would wait for clients to leave. */
    static void interrupt(long pid) throws IOException {
        new ProcessBuilder("sh", "-c", "kill -INT " + pid).start().onExit().join();
    }
}
