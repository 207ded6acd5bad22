package graft.knowledge.parsing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Reads foreign formats in a process of its own for each document: this JVM again with {@link ParserMain}, little
 * memory, an empty environment, a time limit and, where the machine allows it, no network. Whatever a hostile file does
 * there ends with that process and comes back as a sentence. A process that served several documents would save its
 * start, about a second, and let one document meddle with the next.
 *
 * <p>Any thread may parse; as many processes run as threads do. {@link #close} ends them all.
 */
public final class Parser implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Parser.class.getName());
    /** HotSpot's status after -XX:+ExitOnOutOfMemoryError, and of a JVM that could not begin. */
    private static final int OUT_OF_MEMORY = 3;
    private static final int NOT_STARTED = 1;
    private static final int MOST_ERROR_BYTES = 8192;
    private static final int MEBIBYTE = 1 << 20;
    /** Everything the child may not do, and no more threads or compilation than one document is worth. */
    private static final List<String> LIMITS = List.of("-XX:+UseSerialGC", "-XX:ActiveProcessorCount=1",
            "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", "-XX:MaxDirectMemorySize=16m",
            "-XX:-UsePerfData", "-XX:+DisableAttachMechanism", "-XX:-CreateCoredumpOnCrash",
            "-XX:+SuppressFatalErrorMessage", "-Xshare:auto", "-Djava.awt.headless=true",
            "-Djdk.net.hosts.file=/dev/null", "-Djavax.xml.accessExternalDTD=", "-Djavax.xml.accessExternalSchema=",
            "-Djavax.xml.accessExternalStylesheet=", "-Duser.language=en", "-Duser.country=US", "-Duser.timezone=UTC");
    private final Settings settings;
    private final Set<Process> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * @param heapBytes   of a process: {@code knowledge.parser-heap}
     * @param time        for one document: {@code knowledge.parser-time}
     * @param outputBytes most of one document's text in UTF-8: {@code knowledge.parser-output-bytes}
     */
    public record Settings(long heapBytes, Duration time, int outputBytes) {
        public static final Settings DEFAULTS = new Settings(512L << 20, Duration.ofSeconds(60), 16 << 20);

        public Settings {
            if (heapBytes < MEBIBYTE || time.toMillis() < 1 || outputBytes < 1) {
                throw new IllegalArgumentException("parser heap " + heapBytes + " time " + time + " output "
                        + outputBytes);
            }
        }
    }

    public Parser(Settings settings) {
        this.settings = settings;
    }

    /** Of one document, in UTF-8; of plain text as well, which no process reads. */
    public int mostTextBytes() {
        return settings.outputBytes();
    }

    /**
     * Waits for the text, at most for the time limit.
     *
     * @throws CancellationException when closed meanwhile, or interrupted
     * @throws IllegalStateException when no parser could be started here, whatever the document
     */
    public Parsed parse(DocumentKind kind, byte[] bytes) {
        Process process = start(kind);
        running.add(process);
        if (closed) process.destroyForcibly();
        int most = Math.max(settings.outputBytes() + 1, MOST_ERROR_BYTES); // refusals come this way too
        Drain text = new Drain(process, process.getInputStream(), most, true);
        Drain errors = new Drain(process, process.getErrorStream(), MOST_ERROR_BYTES, false);
        Thread feeder = Thread.ofPlatform().daemon().name("parser-in").start(() -> feed(process, bytes));
        boolean ended;
        try {
            ended = process.waitFor(settings.time().toMillis(), TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            text.thread.join();
            errors.thread.join();
            feeder.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        } finally {
            process.destroyForcibly();
            running.remove(process);
        }
        if (closed) throw new CancellationException("the server stops");
        if (text.overflowed) return refuse("unsupported_file", "The file holds more than "
                + settings.outputBytes() / MEBIBYTE + " MiB of text: split it.");
        return outcome(kind, ended ? process.exitValue() : ParserMain.LATE, text.text(), errors.text());
    }

    private Parsed outcome(DocumentKind kind, int status, String text, String errors) {
        if (status == ParserMain.DONE) return new Parsed.Text(text);
        LOG.log(System.Logger.Level.INFO, "parser kind={0} status={1}", kind, status);
        LOG.log(System.Logger.Level.DEBUG, "parser kind={0} said {1}", kind, errors);
        return switch (status) {
            case ParserMain.REFUSED -> refuse(text.lines().findFirst().orElse("invalid_file"),
                    text.substring(text.indexOf('\n') + 1));
            case ParserMain.LATE -> refuse("invalid_file", "Reading the file took longer than "
                    + settings.time().toMillis() / 1000.0 + " s and was stopped.");
            case OUT_OF_MEMORY -> refuse("unsupported_file", "Reading the file needs more memory than a parser may"
                    + " have, " + settings.heapBytes() / MEBIBYTE + " MiB: split it.");
            case NOT_STARTED -> throw new IllegalStateException("the parser could not start: " + errors);
            default -> refuse("invalid_file", "The parser for " + kind.title() + " crashed on this file (status "
                    + status + ").");
        };
    }

    private static Parsed refuse(String code, String message) {
        return new Parsed.Refused(code, message);
    }

    private Process start(DocumentKind kind) {
        List<String> command = new ArrayList<>(NoNetwork.prefix());
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(LIMITS);
        command.addAll(List.of("-Xmx" + settings.heapBytes(), "-cp", System.getProperty("java.class.path"),
                ParserMain.class.getName(), kind.name(), Integer.toString(settings.outputBytes()),
                Long.toString(settings.time().toMillis())));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("the parser could not start", e);
        }
    }

    private static void feed(Process process, byte[] bytes) {
        try (OutputStream in = process.getOutputStream()) {
            in.write(bytes);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "the parser ended before it had read all: its status says why");
        }
    }

    /** Empties a pipe on a thread of its own: a full one would stop the child. Pipes block a thread for good. */
    private static final class Drain {
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        private final Thread thread;
        private volatile boolean overflowed;

        /** @param fatal whether more than the bound ends the process, instead of being thrown away */
        Drain(Process process, InputStream pipe, int most, boolean fatal) {
            thread = Thread.ofPlatform().daemon().name("parser-out").start(() -> drain(process, pipe, most, fatal));
        }

        private void drain(Process process, InputStream pipe, int most, boolean fatal) {
            byte[] piece = new byte[MOST_ERROR_BYTES];
            try (pipe) {
                for (int read = pipe.read(piece); read >= 0; read = pipe.read(piece)) {
                    int room = Math.min(read, most - kept.size());
                    kept.write(piece, 0, room);
                    if (room == read || overflowed) continue;
                    overflowed = true;
                    if (fatal) process.destroyForcibly();
                }
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "a parser's pipe closed: its status says why");
            }
        }

        String text() {
            return kept.toString(StandardCharsets.UTF_8);
        }
    }

    /** Ends what runs; whoever waits for it gets a {@link CancellationException}. */
    @Override
    public void close() {
        closed = true;
        running.forEach(Process::destroyForcibly);
    }
}
