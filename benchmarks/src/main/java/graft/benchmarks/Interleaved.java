package graft.benchmarks;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Makes a few things happen, one after the other with equal rests, while something else runs. */
final class Interleaved {
    private static final long REST_MILLIS = 1000;
    private final int events;
    private final Event event;

    /** @see #beside */
    @FunctionalInterface
    interface Event {
        void happen(int number) throws IOException;
    }

    Interleaved(int events, Event event) {
        this.events = events;
        this.event = event;
    }

    /** @return what ran, once it and all the events are done */
    <T> T beside(Callable<T> running) throws IOException {
        try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
            Future<T> result = threads.submit(running);
            for (int i = 0; i < events; i++) {
                Thread.sleep(REST_MILLIS);
                if (result.isDone()) throw new IOException("the streams ended before event " + i + " of " + events);
                event.happen(i);
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
