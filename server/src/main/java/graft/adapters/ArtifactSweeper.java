package graft.adapters;

import graft.registry.DatabaseUnavailableException;
import graft.registry.catalog.ArtifactDao;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Deletes, every now and then, the bytes of versions that were deleted a while ago. Several servers may do so. */
public final class ArtifactSweeper implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ArtifactSweeper.class.getName());
    private final ArtifactDao artifacts;
    private final Duration grace;
    private final Duration interval;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /** @param grace how long a request may take from its admission until it has loaded its adapter */
    public ArtifactSweeper(ArtifactDao artifacts, Duration grace, Duration interval) {
        this.artifacts = artifacts;
        this.grace = grace;
        this.interval = interval;
        thread = Thread.ofVirtual().name("artifact-sweeper").start(this::run);
    }

    private void run() {
        try {
            while (!closing.await(interval.toMillis(), TimeUnit.MILLISECONDS)) sweep();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void sweep() {
        try {
            int gone = artifacts.sweep(grace);
            if (gone > 0) LOG.log(System.Logger.Level.INFO, "swept artifacts={0}", gone);
        } catch (DatabaseUnavailableException e) {
            LOG.log(System.Logger.Level.WARNING, "sweep of artifacts is put off: {0}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "sweep of artifacts failed and is tried again", e);
        }
    }

    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
