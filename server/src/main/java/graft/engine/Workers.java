package graft.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A few platform threads for work that computes or sits in native code. A virtual thread that does so keeps its
 * carrier, and there are only as many as cores: two such calls, and nobody who merely waits is woken any more.
 *
 * <p>Any thread may call. What is asked for waits in line; the line is as long as its callers are many, each of whom
 * waits ({@link #call}) or bounds what it starts ({@link #start}). Idle threads end.
 */
public final class Workers implements AutoCloseable {
    /**
     * Niceness of what no running answer waits for: a third of the share of the others. At 10, on a machine that
     * strangers crowded (a load of 33 on two cores), an upload of 5 MB took 6 to 17 s.
     */
    public static final int BEHIND = 5;
    private static final long IDLE_SECONDS = 30;
    private final String name;
    private final ThreadPoolExecutor threads;

    /**
     * @param name     of the threads, a number after it
     * @param most     threads at once
     * @param niceness 0 as urgent as all others, up to 19
     */
    public Workers(String name, int most, int niceness) {
        if (niceness < 0 || niceness > 19) throw new IllegalArgumentException("niceness " + niceness);
        this.name = name;
        AtomicInteger numbers = new AtomicInteger();
        threads = new ThreadPoolExecutor(most, most, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
                work -> Thread.ofPlatform().daemon().name(name + "-" + numbers.incrementAndGet()).unstarted(() -> {
                    Niceness.ofThisThread(niceness);
                    work.run();
                }));
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Runs the work and waits for its end, whatever interrupts the caller; its failure is thrown here.
     *
     * @throws IllegalStateException after {@link #close}
     */
    public <T> T call(Supplier<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        start(() -> {
            try {
                result.complete(work.get());
            } catch (RuntimeException | Error failure) {
                result.completeExceptionally(failure);
            }
        });
        try {
            return result.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof RuntimeException failure) throw failure;
            if (failed.getCause() instanceof Error failure) throw failure;
            throw failed;
        }
    }

    /**
     * Returns at once. The work must handle its own failures.
     *
     * @throws IllegalStateException after {@link #close}
     */
    public void start(Runnable work) {
        try {
            threads.execute(work);
        } catch (RejectedExecutionException closed) {
            throw new IllegalStateException(name + " is closed", closed);
        }
    }

    /** Takes nothing new and waits for what is there. Idempotent. */
    @Override
    public void close() {
        threads.shutdown();
        boolean interrupted = false;
        while (!threads.isTerminated()) {
            try {
                threads.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }
}
