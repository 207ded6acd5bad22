package graft.engine.tensorrt;

import graft.engine.EngineRequest;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.TokenSink;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** An accepted request until its sink has heard of its end. Fields change under the engine's lock. */
final class TensorRtSequence {
    /** The end of executor.h that is a failure. */
    static final int ERROR = 5;
    private static final System.Logger LOG = System.getLogger(TensorRtSequence.class.getName());

    final long id;
    final EngineRequest request;
    final String adapterKey;
    final AtomicBoolean cancelled = new AtomicBoolean();
    long nativeId;
    boolean holdsAdapter;
    Optional<BusyTime.Share> share = Optional.empty();
    /** Raised by any thread. */
    final AtomicInteger allowance;
    /** What the executor said at its end; the poller's, like all that follows. */
    Optional<Wire.Event> over = Optional.empty();
    /** Computed and not yet allowed to leave; at most the tokens asked for. */
    private final Deque<GeneratedToken> withheld = new ArrayDeque<>();
    private final TokenSink sink;
    private final long submittedMicros;
    private Optional<String> failure = Optional.empty();
    private int delivered;

    TensorRtSequence(long id, EngineRequest request, TokenSink sink, long nowMicros) {
        this.id = id;
        this.request = request;
        this.sink = sink;
        this.submittedMicros = nowMicros;
        this.allowance = new AtomicInteger(request.allowance());
        this.adapterKey = AdapterShelf.key(request.adapters());
    }

    void fail(String reason) {
        if (failure.isEmpty()) failure = Optional.of(reason);
    }

    boolean guideIsMissing() {
        return request.constraint().isPresent() && request.constraint().get().guide().isEmpty();
    }

    void take(List<GeneratedToken> tokens) {
        withheld.addAll(tokens);
    }

    boolean withholds() {
        return !withheld.isEmpty();
    }

    /** @return false if the sink threw, against its contract */
    boolean handOut() {
        try {
            while (!withheld.isEmpty() && delivered < allowance.get()) {
                delivered++;
                sink.token(withheld.poll());
            }
            return true;
        } catch (RuntimeException broken) {
            LOG.log(Level.ERROR, "sink failed request=" + request.requestId(), broken);
            return false;
        }
    }

    /** @param reason of executor.h */
    Finished.Reason reason(int reason) {
        return switch (reason) {
            case 1 -> Finished.Reason.STOP_TOKEN;
            case 2 -> Finished.Reason.LENGTH;
            case 3 -> Finished.Reason.CANCELLED;
            case 4 -> {
                fail("the request ran out of its allotted time");
                yield Finished.Reason.FAILED;
            }
            default -> Finished.Reason.FAILED;
        };
    }

    void finish(Finished.Reason reason, int cached, long queueMicros, long nowMicros) {
        Finished.Reason told = failure.isPresent() ? Finished.Reason.FAILED : reason;
        long queued = queueMicros >= 0 ? queueMicros : delivered == 0 ? nowMicros - submittedMicros : 0;
        try {
            sink.finished(new Finished(told, request.prompt().length, cached, delivered, queued,
                    share.map(BusyTime.Share::micros).orElse(0L), failure));
        } catch (RuntimeException broken) {
            LOG.log(Level.ERROR, "sink failed request=" + request.requestId(), broken);
        }
    }
}
