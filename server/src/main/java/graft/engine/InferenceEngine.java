package graft.engine;

import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Serves one base model to many sequences at once.
 *
 * <p>Thread rules: every method may be called from any thread and none blocks on arithmetic, except {@link #close},
 * which waits for the engine's own thread to end. Sinks are called on engine threads.
 */
public interface InferenceEngine extends AutoCloseable {

    /** What is served: constant for the engine's life. */
    BaseModel model();

    /**
     * Puts one sequence into the bounded inbox. The adapters it names are loaded in the background if they are not
     * resident, while other sequences decode.
     *
     * @throws IllegalArgumentException if the prompt is empty, holds a token outside the vocabulary, or prompt and
     *                                  answer together exceed the context; callers check first to give a good error
     */
    Submission submit(EngineRequest request, TokenSink sink);

    /**
     * Lets a sequence give out so many tokens in all; until then it is paused at its allowance, keeping its place. An
     * allowance only grows. Unknown ids are ignored.
     */
    void allow(long sequenceId, int tokens);

    /** Ends a sequence at the next step; its sink still gets {@link TokenSink#finished}. Unknown ids are ignored. */
    void cancel(long sequenceId);

    /** A snapshot, cheap enough for every scrape. */
    EngineStatus status();

    /**
     * Whose its time was, up to a moment between two steps after this was asked. An engine that can't tell attributes
     * nothing.
     */
    default CompletableFuture<EngineTime> time() {
        EngineStatus.Totals totals = status().totals();
        return CompletableFuture.completedFuture(new EngineTime(Map.of(), totals.idleMicros(), totals.busyMicros()));
    }

    /** Forgets a resident adapter once no sequence uses it. Unknown digests are ignored. */
    void evict(String adapterDigest);

    /** Cancels what runs, waits for the engine thread and frees all memory. Idempotent. */
    @Override
    void close();
}
