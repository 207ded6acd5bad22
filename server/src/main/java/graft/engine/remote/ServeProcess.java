package graft.engine.remote;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A server run as a child and kept alive: started, watched, started again with growing pauses when it dies, asked to
 * stop and, if it does not, ended. What it prints goes to the log, line by line. The command comes from the settings
 * of whoever runs this server and is run without a shell.
 */
final class ServeProcess implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ServeProcess.class.getName());
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
    private static final int LONGEST_LINE = 2000;

    private final List<String> command;
    private final Duration pause;
    private final Duration stopLimit;
    private final Thread keeper;
    private final Object changed = new Object();
    private volatile boolean closing;
    private Process process;

    ServeProcess(List<String> command, Duration pause, Duration stopLimit) {
        this.command = List.copyOf(command);
        this.pause = pause;
        this.stopLimit = stopLimit;
        start();
        keeper = Thread.ofVirtual().name("serve-keeper").start(this::keep);
    }

    private void start() {
        try {
            Process started = new ProcessBuilder(command).redirectErrorStream(true).start();
            started.getOutputStream().close();
            Thread.ofVirtual().name("serve-log").start(() -> log(started));
            synchronized (changed) {
                process = started;
            }
        } catch (IOException e) {
            throw new EngineUnavailableException(command.getFirst() + " can't be started: " + e.getMessage(), e);
        }
    }

    private static void log(Process process) {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                LOG.log(Level.INFO, "serve pid={0} said={1}", String.valueOf(process.pid()),
                        line.substring(0, Math.min(line.length(), LONGEST_LINE)));
            }
        } catch (IOException closed) {
            LOG.log(Level.DEBUG, "the child's output ended", closed);
        }
    }

    private void keep() {
        Duration next = pause;
        try {
            while (!closing) {
                Process running = current();
                long startedAt = System.nanoTime();
                int exit = running.waitFor();
                if (closing) return;
                boolean lasted = System.nanoTime() - startedAt > LONGEST_PAUSE.toNanos();
                next = lasted ? pause : next;
                LOG.log(Level.WARNING, "serve ended exit={0} restart_in={1}", exit, next);
                synchronized (changed) {
                    changed.wait(Math.max(1, next.toMillis()));
                }
                next = next.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : next.multipliedBy(2);
                if (!closing) start();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        } catch (EngineUnavailableException gone) {
            LOG.log(Level.ERROR, "serve can't be started again", gone);
        }
    }

    private Process current() {
        synchronized (changed) {
            return process;
        }
    }

    /** Waits until it is healthy. */
    void await(Duration limit, BooleanSupplier healthy) {
        long until = System.nanoTime() + limit.toNanos();
        try {
            while (!healthy.getAsBoolean()) {
                if (System.nanoTime() - until > 0) throw new EngineUnavailableException(command.getFirst()
                        + " is not healthy after " + limit);
                TimeUnit.MILLISECONDS.sleep(100);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EngineUnavailableException("interrupted", e);
        }
    }

    long pid() {
        return current().pid();
    }

    @Override
    public void close() {
        closing = true;
        Process running = current();
        running.destroy();
        try {
            if (!running.waitFor(stopLimit.toMillis(), TimeUnit.MILLISECONDS)) running.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            running.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        synchronized (changed) {
            changed.notifyAll();
        }
        keeper.interrupt();
    }
}
