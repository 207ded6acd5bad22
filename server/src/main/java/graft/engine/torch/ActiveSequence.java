package graft.engine.torch;

import graft.engine.EngineRequest;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.TokenSink;
import graft.scheduling.AdapterKey;
import graft.scheduling.Sequence;
import graft.scheduling.Slice;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.IntPredicate;

/** A submitted sequence until its sink has heard of its end. Belongs to the engine's thread but for {@link #cancelled}. */
final class ActiveSequence {
    private static final System.Logger LOG = System.getLogger(ActiveSequence.class.getName());

    final EngineRequest request;
    /** Replaced once, when its adapters are known and before it is scheduled. */
    Sequence sequence;
    final Sampler sampler;
    /** Set by whoever cancels first. */
    final AtomicBoolean cancelled = new AtomicBoolean();
    boolean holdsAdapters;
    /** How many tokens it may generate; the scheduler's from when it is scheduled. */
    int allowance;
    private final TokenSink sink;
    private final long submittedMicros;
    private long queueMicros = -1;
    private long engineMicros;
    private Optional<String> failure = Optional.empty();
    private int delivered;
    /** Cancelled when it had tokens that were not delivered any more. */
    private boolean cut;

    ActiveSequence(long id, EngineRequest request, TokenSink sink, long nowMicros) {
        this.request = request;
        this.sink = sink;
        this.submittedMicros = nowMicros;
        this.sampler = new Sampler(request);
        this.allowance = request.allowance();
        List<AdapterKey> keys = request.adapters().stream().map(adapter -> new AdapterKey(adapter.digest(), adapter.scale()))
                // One order for one composition, whoever names it.
                .sorted(Comparator.comparing(AdapterKey::digest).thenComparing(AdapterKey::scale)).toList();
        this.sequence = new Sequence(id, request.tenant(), request.tenant(), keys, request.prompt(),
                request.maxNewTokens(), request.stopTokens()).inFlow(request.flow());
    }

    long id() {
        return sequence.id();
    }

    /**
     * Lets adapters that wait for tokens begin where these stand last in the prompt, as PEFT does (calculate_alora_offsets
     * of tuners/lora/variants.py); where they don't stand, the adapter has no effect.
     */
    void activate(Function<AdapterKey, List<Integer>> invocation) {
        List<AdapterKey> adapters = sequence.adapters();
        int[] from = new int[adapters.size()];
        for (int i = 0; i < from.length; i++) {
            List<Integer> tokens = invocation.apply(adapters.get(i));
            if (tokens.isEmpty()) continue;
            int last = Collections.lastIndexOfSubList(Arrays.stream(request.prompt()).boxed().toList(), tokens);
            from[i] = last < 0 ? Sequence.NEVER : last;
            if (last < 0)
                LOG.log(Level.WARNING, "activated adapter without its invocation tokens: the base answers request="
                        + request.requestId() + " digest=" + adapters.get(i).digest());
        }
        sequence = sequence.activatedFrom(from);
    }

    void startedAt(long nowMicros) {
        if (queueMicros < 0) queueMicros = nowMicros - submittedMicros;
    }

    void attribute(long micros) {
        engineMicros += micros;
    }

    void failed(String reason) {
        if (failure.isEmpty()) failure = Optional.of(reason);
    }

    boolean hasFailed() {
        return failure.isPresent();
    }

    /**
     * Chooses what a slice leads to: the draft as far as the sampler says the same, and the token behind it. A draft's
     * row that is not finite chooses nothing; the next step computes it again, as certain.
     *
     * @param chances of all choices of the step
     * @param choice  the slice's first of them
     * @param finite  of the rows behind the slice's certain ones
     */
    List<GeneratedToken> choose(Slice slice, StepOutput.Chances[] chances, int choice, IntPredicate finite) {
        List<GeneratedToken> chosen = new ArrayList<>();
        for (int drafted = 0; ; drafted++) {
            GeneratedToken token = sampler.next(chances[choice + drafted]);
            chosen.add(token);
            boolean goesOn = drafted < slice.draft().size() && slice.draft().get(drafted) == token.id();
            if (!goesOn || !finite.test(drafted)) return chosen;
        }
    }

    /**
     * Hands over what a step brought; once it is cancelled, nothing more.
     *
     * @return false if the sink threw, against its contract
     */
    boolean deliver(List<GeneratedToken> tokens) {
        try {
            for (GeneratedToken token : tokens) {
                if (cancelled.get()) {
                    cut = true;
                    return true;
                }
                delivered++;
                sink.token(token);
            }
            return true;
        } catch (RuntimeException broken) {
            LOG.log(Level.ERROR, "sink failed request=" + request.requestId(), broken);
            return false;
        }
    }

    void finish(Finished.Reason reason, long nowMicros) {
        startedAt(nowMicros); // one that never ran was waiting all the time
        Finished.Reason told = failure.isPresent() ? Finished.Reason.FAILED : cut ? Finished.Reason.CANCELLED : reason;
        try {
            sink.finished(new Finished(told, request.prompt().length, sequence.cachedPromptTokens(), delivered,
                    queueMicros, engineMicros, failure));
        } catch (RuntimeException broken) {
            LOG.log(Level.ERROR, "sink failed request=" + request.requestId(), broken);
        }
    }
}
