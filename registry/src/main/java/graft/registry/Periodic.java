package graft.registry;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Does something with the database every so often, on a virtual thread of its own, until it is closed. A failure is
 * logged and tried again after the next interval; work that fails because it is being ended is not logged.
 */
public final class Periodic implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Periodic.class.getName());
    private final String name;
    private final Runnable work;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /** The first time after one interval. */
    public static Periodic every(String name, Duration interval, Runnable work) {
        return new Periodic(name, interval, interval, work);
    }

    /** The first time at once. */
    public static Periodic fromNowOn(String name, Duration interval, Runnable work) {
        return new Periodic(name, Duration.ZERO, interval, work);
    }

    private Periodic(String name, Duration first, Duration interval, Runnable work) {
        if (interval.toMillis() < 1) throw new IllegalArgumentException(name + " every " + interval);
        this.name = name;
        this.work = work;
        this.thread = Thread.ofVirtual().name(name).start(() -> run(first.toMillis(), interval.toMillis()));
    }

    private void run(long first, long interval) {
        try {
            for (long wait = first; !closing.await(wait, TimeUnit.MILLISECONDS); wait = interval) attempt();
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
            if (!isClosing()) LOG.log(System.Logger.Level.ERROR, "work=" + name + " failed and is tried again", e);
        }
    }

    private boolean isClosing() {
        return closing.getCount() == 0;
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
