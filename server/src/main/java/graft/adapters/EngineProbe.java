package graft.adapters;

import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.EngineTime;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.InferenceEngine;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.engine.TokenSink;
import graft.registry.Ids;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/**
 * Asks the engine the same short prompt with and without an adapter and compares the likeliest tokens' log
 * probabilities. An engine that is too busy to answer in time proves nothing, and then nothing is claimed.
 */
public final class EngineProbe implements AdapterProbe {
    private static final System.Logger LOG = System.getLogger(EngineProbe.class.getName());
    private static final int PROMPT_TOKENS = 16;
    private static final int ALTERNATIVES = 20;
    private final InferenceEngine engine;
    private final Duration patience;

    /** @param patience for both answers together */
    public EngineProbe(InferenceEngine engine, Duration patience) {
        this.engine = engine;
        this.patience = patience;
    }

    @Override
    public boolean changesAnything(EngineAdapter adapter, List<Integer> tokens) {
        long deadline = System.nanoTime() + patience.toNanos();
        int[] prompt = prompt(tokens);
        // A tenant of its own: neither answer meets a cached prefix, which would be computed in other steps.
        String nobody = Ids.next(EngineTime.PROBE);
        Optional<List<GeneratedToken>> without = answer(nobody, prompt, List.of(), deadline);
        Optional<List<GeneratedToken>> with = answer(nobody, prompt, List.of(adapter), deadline);
        return without.isEmpty() || with.isEmpty() || !without.equals(with);
    }

    @Override
    public void forget(String digest) {
        engine.evict(digest);
    }

    private Optional<List<GeneratedToken>> answer(String tenant, int[] prompt, List<EngineAdapter> adapters,
            long deadline) {
        Collected collected = new Collected();
        Submission submission = engine.submit(new EngineRequest("probe", tenant, prompt, 1, Sampling.GREEDY,
                adapters, Set.of(), ALTERNATIVES, Optional.empty()), collected);
        return switch (submission) {
            case Submission.Busy busy -> Optional.empty();
            case Submission.Accepted accepted -> await(accepted, collected, deadline);
        };
    }

    private Optional<List<GeneratedToken>> await(Submission.Accepted accepted, Collected collected, long deadline) {
        try {
            Finished finished = collected.end.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            if (finished.reason() != Finished.Reason.FAILED) return Optional.of(collected.tokens);
            // The proof has passed and the engine can't use it: an upload that is believed would fail every request.
            throw RefusedUploadException.faulty("The engine can't use the adapter: "
                    + finished.failure().orElse("no reason given"));
        } catch (TimeoutException e) {
            engine.cancel(accepted.sequenceId());
            LOG.log(System.Logger.Level.INFO, "probe of an adapter gave up after {0}", patience);
            return Optional.empty();
        } catch (InterruptedException e) {
            engine.cancel(accepted.sequenceId());
            Thread.currentThread().interrupt();
            return Optional.empty();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the end of a sequence is never a failure", e);
        }
    }

    /** Tokens spread over the vocabulary, then those that wake the adapter; the last of them as the context allows. */
    private int[] prompt(List<Integer> tokens) {
        int[] spread = IntStream.rangeClosed(1, PROMPT_TOKENS)
                .map(i -> (int) ((long) i * engine.model().vocabularySize() / (PROMPT_TOKENS + 1))).toArray();
        int[] all = IntStream.concat(IntStream.of(spread), tokens.stream().mapToInt(Integer::intValue)).toArray();
        int most = Math.max(1, engine.model().contextLength() - 1);
        return Arrays.copyOfRange(all, Math.max(0, all.length - most), all.length);
    }

    /** Written on the engine's thread until the end is told, read after it. */
    private static final class Collected implements TokenSink {
        private final List<GeneratedToken> tokens = new ArrayList<>();
        private final CompletableFuture<Finished> end = new CompletableFuture<>();

        @Override
        public void token(GeneratedToken token) {
            tokens.add(token);
        }

        @Override
        public void finished(Finished finished) {
            end.complete(finished);
        }
    }
}
