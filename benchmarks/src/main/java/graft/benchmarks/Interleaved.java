package graft.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/** Makes a few things happen, one after the other with equal rests, while something else runs. */
final class Interleaved {
    private static final long REST_MILLIS = 750;
    /** What an event set going may still be felt for so long. */
    private static final long AFTERMATH_NANOS = 500_000_000;
    private final int events;
    private final Event event;
    private long from;
    private long to;

    /** @see #beside */
    @FunctionalInterface
    interface Event {
        void happen(int number) throws IOException;
    }

    Interleaved(int events, Event event) {
        this.events = events;
        this.event = event;
    }

    /** Whether a moment (System.nanoTime) lies between the first event's beginning and a little after the last one. */
    boolean during(long nanos) {
        return nanos >= from && nanos <= to;
    }

    /** @return what ran, as often as it took until all the events were over */
    <T> List<T> beside(Callable<List<T>> running) throws IOException {
        AtomicBoolean over = new AtomicBoolean();
        try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
            Future<List<T>> result = threads.submit(() -> {
                List<T> all = new ArrayList<>(running.call());
                while (!over.get()) all.addAll(running.call());
                return all;
            });
            try {
                for (int i = 0; i < events; i++) {
                    Thread.sleep(REST_MILLIS);
                    if (i == 0) from = System.nanoTime();
                    event.happen(i);
                    to = System.nanoTime() + AFTERMATH_NANOS;
                }
                Thread.sleep(AFTERMATH_NANOS / 1_000_000);
            } finally {
                over.set(true);
            }
            return result.get();
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
