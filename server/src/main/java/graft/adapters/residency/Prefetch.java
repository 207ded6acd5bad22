package graft.adapters.residency;

import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.InferenceEngine;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.engine.TokenSink;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Brings adapters into their engines after a start, one after the other in the background, by computing one token with
 * each: that is what loads, proves and places an adapter whatever the engine. Failures are logged and harm nobody.
 */
public final class Prefetch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Prefetch.class.getName());
    private final Thread thread;

    /** An adapter and the engine it belongs into. */
    public record Wish(EngineAdapter adapter, InferenceEngine engine) {}

    /**
     * @param wishes   asked for on the thread of its own, most wanted first
     * @param patience for each
     */
    public Prefetch(Supplier<List<Wish>> wishes, Duration patience) {
        thread = Thread.ofVirtual().name("adapter-prefetch").start(() -> run(wishes, patience));
    }

    private static void run(Supplier<List<Wish>> wishes, Duration patience) {
        try {
            for (Wish wish : wishes.get()) load(wish, patience);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "adapters are not prefetched: {0}", e.getMessage());
        }
    }

    private static void load(Wish wish, Duration patience) throws InterruptedException {
        CompletableFuture<Finished> end = new CompletableFuture<>();
        Submission submission = wish.engine().submit(new EngineRequest("prefetch", "prefetch", new int[] {0}, 1,
                Sampling.GREEDY, List.of(wish.adapter()), Set.of(), 0, Optional.empty()), sink(end));
        if (!(submission instanceof Submission.Accepted accepted)) return; // others need the place more
        try {
            Finished finished = end.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            LOG.log(System.Logger.Level.INFO, "prefetched adapter={0} version={1} ended={2}", wish.adapter().name(),
                    wish.adapter().version(), finished.failure().orElse("well"));
        } catch (TimeoutException e) {
            wish.engine().cancel(accepted.sequenceId());
            LOG.log(System.Logger.Level.INFO, "prefetch adapter={0} gave up after {1}",
                    wish.adapter().name(), patience);
        } catch (InterruptedException e) {
            wish.engine().cancel(accepted.sequenceId());
            throw e;
        } catch (ExecutionException e) {
            throw new IllegalStateException("the end of a sequence is never a failure", e);
        }
    }

    private static TokenSink sink(CompletableFuture<Finished> end) {
        return new TokenSink() {
            @Override
            public void token(GeneratedToken token) {
                // only its adapter was wanted
            }

            @Override
            public void finished(Finished finished) {
                end.complete(finished);
            }
        };
    }

    /** Returns once it has stopped. */
    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
