package graft.knowledge.retrieval;

import graft.registry.DatabaseUnavailableException;
import graft.registry.knowledge.vectors.VectorGraphs;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Looks now and then for stores that have outgrown comparing all their vectors, and has their graphs built. A thread of
 * its own, because a build may take minutes. {@link #start} and {@link #close} once each, by the owner.
 */
public final class Promotion implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Promotion.class.getName());
    private final VectorGraphs graphs;
    private final Duration interval;
    private final CountDownLatch closing = new CountDownLatch(1);
    private Thread thread;

    /** @param interval between two looks: {@code knowledge.promotion-interval} */
    public Promotion(VectorGraphs graphs, Duration interval) {
        this.graphs = graphs;
        this.interval = interval;
    }

    public void start() {
        thread = Thread.ofVirtual().name("knowledge-promotion").start(this::run);
    }

    private void run() {
        try {
            do {
                try {
                    graphs.promote();
                } catch (DatabaseUnavailableException e) {
                    LOG.log(System.Logger.Level.WARNING, "promotion of stores waits for the database");
                } catch (RuntimeException e) {
                    if (closing.getCount() > 0) LOG.log(System.Logger.Level.ERROR, "promotion of stores failed", e);
                }
            } while (!closing.await(interval.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends a build that is under way; what it left is cleared up by the next start. */
    @Override
    public void close() {
        closing.countDown();
        if (thread == null) return;
        graphs.cancel();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
