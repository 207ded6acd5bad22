package graft;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The parts of the server in the order they started. Closing stops them in reverse, each whatever became of the others.
 * Used by the starting thread only, except that {@link #inBackground} runs what is slow beside it.
 */
final class Lifecycle implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Lifecycle.class.getName());
    private final Deque<Part> parts = new ArrayDeque<>();

    private record Part(String name, AutoCloseable closeable) {}

    /** From now on closing this closes the part too. */
    <T extends AutoCloseable> T started(String name, T part) {
        parts.push(new Part(name, part));
        return part;
    }

    /**
     * Starts a part beside the caller. It is closed at its place in the order, after its start has ended: also when
     * another part failed meanwhile and nobody ever asked for it.
     */
    <T extends AutoCloseable> Starting<T> inBackground(String name, Callable<T> start) {
        Starting<T> starting = new Starting<>(name, start);
        parts.push(new Part(name, starting::closeStarted));
        // A platform thread: loading weights computes for seconds, and two such starts on two cores would keep every
        // virtual thread waiting, Postgres's start among them.
        Thread.ofPlatform().daemon().name("start-" + name).start(starting.task);
        return starting;
    }

    /** A part that is starting. */
    static final class Starting<T extends AutoCloseable> {
        private final String name;
        private final FutureTask<T> task;

        private Starting(String name, Callable<T> start) {
            this.name = name;
            this.task = new FutureTask<>(() -> {
                long began = System.nanoTime();
                T part = start.call();
                LOG.log(System.Logger.Level.INFO, "started={0} millis={1}", name,
                        String.valueOf((System.nanoTime() - began) / 1_000_000));
                return part;
            });
        }

        /** Waits for the start. What it failed with is thrown as it is, so that a sentence for the user stays one. */
        T await() {
            try {
                return task.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException unchecked) throw unchecked;
                if (e.getCause() instanceof Error error) throw error;
                throw new CompletionException(name, e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CompletionException(name, e);
            }
        }

        private void closeStarted() throws Exception {
            T part;
            try {
                part = task.get();
            } catch (ExecutionException e) {
                return; // it never started, and whoever awaited it was told why
            }
            part.close();
        }
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            Part part = parts.pop();
            try {
                part.closeable().close();
            } catch (Exception e) {
                LOG.log(System.Logger.Level.ERROR, "stopping=" + part.name() + " failed", e);
            }
        }
    }
}
