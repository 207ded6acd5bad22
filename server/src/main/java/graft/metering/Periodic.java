package graft.metering;

import graft.registry.DatabaseUnavailableException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Does something every so often on a virtual thread, until it is closed; a failure is logged and tried again. */
public final class Periodic implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Periodic.class.getName());
    private final String name;
    private final Duration interval;
    private final Runnable work;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /** The first time after one interval. */
    public Periodic(String name, Duration interval, Runnable work) {
        if (interval.toMillis() < 1) throw new IllegalArgumentException(name + " every " + interval);
        this.name = name;
        this.interval = interval;
        this.work = work;
        this.thread = Thread.ofVirtual().name(name).start(this::run);
    }

    private void run() {
        try {
            while (!closing.await(interval.toMillis(), TimeUnit.MILLISECONDS)) attempt();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void attempt() {
        try {
            work.run();
        } catch (DatabaseUnavailableException e) {
            LOG.log(System.Logger.Level.WARNING, "work={0} waits for the database: {1}", name, e.reason());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "work=" + name + " failed", e);
        }
    }

    /** Waits for the work that is under way. */
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
