package graft;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.logging.ErrorManager;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The server's log: one line an event in DATA/logs/server.log, which becomes server.log.1, .2 and so on as it fills;
 * warnings also go to standard error. java.util.logging's own file handler was rejected because it gives the current
 * file a number too.
 */
final class ServerLog extends Handler {
    /** Warns with the statement and its values, which are users' text; what failed is logged where it was asked for. */
    private static final Logger BROKEN_CONNECTIONS = Logger.getLogger("com.zaxxer.hikari.pool.ProxyConnection");
    private final Path file;
    private final long fileBytes;
    private final int files;
    private OutputStream out;
    private long written;

    private ServerLog(Path file, long fileBytes, int files) throws IOException {
        this.file = file;
        this.fileBytes = fileBytes;
        this.files = files;
        setFormatter(new OneLine());
        open();
    }

    /** Sends everything that logs, ours and the libraries', to the file. */
    static void install(Path file, ServerConfig.Log settings) {
        LogManager.getLogManager().reset();
        Logger root = Logger.getLogger("");
        try {
            root.setLevel(Level.parse(settings.level()));
            BROKEN_CONNECTIONS.setLevel(Level.SEVERE);
            root.addHandler(new ServerLog(file, settings.fileBytes(), settings.files()));
        } catch (IllegalArgumentException e) {
            throw new SetupException("The setting log.level can't be '" + settings.level()
                    + "': use SEVERE, WARNING, INFO, FINE or FINER.", e);
        } catch (IOException e) {
            throw new SetupException("The log " + file + " can't be written: " + e.getMessage(), e);
        }
        Handler console = new java.util.logging.ConsoleHandler();
        console.setLevel(Level.WARNING);
        console.setFormatter(new OneLine());
        root.addHandler(console);
    }

    private void open() throws IOException {
        out = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        written = Files.size(file);
    }

    @Override
    public synchronized void publish(LogRecord event) {
        if (!isLoggable(event)) return;
        byte[] line = getFormatter().format(event).getBytes(StandardCharsets.UTF_8);
        try {
            if (written + line.length > fileBytes && written > 0) rotate();
            out.write(line);
            written += line.length;
        } catch (IOException e) {
            reportError(null, e, ErrorManager.WRITE_FAILURE);
        }
    }

    private void rotate() throws IOException {
        out.close();
        for (int number = files - 1; number >= 1; number--) {
            Path from = number == 1 ? file : numbered(number - 1);
            if (Files.exists(from)) Files.move(from, numbered(number), StandardCopyOption.REPLACE_EXISTING);
        }
        if (files == 1) Files.delete(file);
        open();
    }

    private Path numbered(int number) {
        return file.resolveSibling(file.getFileName() + "." + number);
    }

    @Override
    public void flush() {
        // every line is written through
    }

    @Override
    public synchronized void close() {
        try {
            out.close();
        } catch (IOException e) {
            reportError(null, e, ErrorManager.CLOSE_FAILURE);
        }
    }

    /** {@code 2026-01-01T00:00:00.000Z INFO graft.Server message}; line breaks in a message can't forge a line. */
    private static final class OneLine extends Formatter {
        @Override
        public String format(LogRecord event) {
            StringBuilder line = new StringBuilder();
            line.append(Instant.ofEpochMilli(event.getMillis()).truncatedTo(ChronoUnit.MILLIS)).append(' ')
                    .append(event.getLevel()).append(' ').append(event.getLoggerName()).append(' ')
                    .append(formatMessage(event).replace("\r", "\\r").replace("\n", "\\n")).append('\n');
            if (event.getThrown() != null) {
                StringWriter trace = new StringWriter();
                event.getThrown().printStackTrace(new PrintWriter(trace));
                line.append(trace.toString().indent(2));
            }
            return line.toString();
        }
    }
}
