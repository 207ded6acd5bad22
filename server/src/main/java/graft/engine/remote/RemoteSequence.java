package graft.engine.remote;

import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.TokenSink;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** One request while another server answers it; its virtual thread owns it, but for what is volatile. */
final class RemoteSequence {
    private static final System.Logger LOG = System.getLogger(RemoteSequence.class.getName());

    final long id;
    final EngineRequest request;
    volatile boolean cancelled;
    private int allowance;
    volatile Optional<InputStream> body = Optional.empty();
    private final TokenSink sink;
    private final long submittedMicros;
    private long startedMicros = -1;
    private int delivered;
    private OptionalInt cached = OptionalInt.empty();
    private Optional<String> finish = Optional.empty();
    private Optional<String> failure = Optional.empty();
    private boolean stopToken;

    RemoteSequence(long id, EngineRequest request, TokenSink sink) {
        this.id = id;
        this.request = request;
        this.sink = sink;
        this.allowance = request.allowance();
        this.submittedMicros = nowMicros();
    }

    static long nowMicros() {
        return System.nanoTime() / 1000;
    }

    Optional<EngineAdapter> adapter() {
        return request.adapters().stream().findFirst();
    }

    void started() {
        startedMicros = nowMicros();
    }

    void fail(String reason) {
        if (failure.isEmpty()) failure = Optional.of(reason);
    }

    synchronized void allow(int tokens) {
        allowance = Math.max(allowance, tokens);
        notifyAll();
    }

    synchronized void cancel() {
        cancelled = true;
        notifyAll();
    }

    /** @return false if it was cancelled meanwhile */
    private synchronized boolean awaitAllowance() throws InterruptedException {
        while (delivered >= allowance && !cancelled) wait();
        return delivered < allowance;
    }

    /**
     * Waits at the allowance: then nothing is read, and that server stops when its socket is full.
     *
     * @return false once nothing more is wanted of that server
     */
    boolean take(Chunk chunk) throws InterruptedException {
        chunk.error().ifPresent(this::fail);
        for (int i = 0; i < chunk.tokens().size() && !stopToken && delivered < request.maxNewTokens(); i++) {
            if (!awaitAllowance()) return false;
            int token = chunk.tokens().get(i);
            float logprob = i < chunk.logprobs().size() ? chunk.logprobs().get(i).floatValue() : 0;
            List<GeneratedToken.Alternative> top = new ArrayList<>();
            if (i < chunk.top().size()) {
                for (Chunk.Alternative one : chunk.top().get(i)) {
                    top.add(new GeneratedToken.Alternative(one.id(), (float) one.logprob()));
                    if (one.id() == token) logprob = (float) one.logprob();
                }
            }
            delivered++;
            sink.token(new GeneratedToken(token, logprob, 0, top));
            stopToken = request.stopTokens().contains(token);
        }
        if (chunk.cached().isPresent()) cached = chunk.cached();
        if (chunk.finish().isPresent()) finish = chunk.finish();
        return failure.isEmpty() && !stopToken && !cancelled;
    }

    /** How many tokens its sink was given. */
    int delivered() {
        return delivered;
    }

    int cachedTokens() {
        return Math.min(cached.orElse(0), request.prompt().length);
    }

    void finish() {
        Finished.Reason reason;
        if (failure.isPresent() && !cancelled) reason = Finished.Reason.FAILED;
        else if (cancelled) reason = Finished.Reason.CANCELLED;
        else if (stopToken || finish.filter("stop"::equals).isPresent()) reason = Finished.Reason.STOP_TOKEN;
        else if (finish.isPresent() || delivered >= request.maxNewTokens()) reason = Finished.Reason.LENGTH;
        else {
            reason = Finished.Reason.FAILED;
            fail("the engine's stream ended before its answer did");
        }
        long now = nowMicros();
        long queued = (startedMicros < 0 ? now : startedMicros) - submittedMicros;
        try {
            sink.finished(new Finished(reason, request.prompt().length, cachedTokens(), delivered, queued,
                    startedMicros < 0 ? 0 : now - startedMicros,
                    reason == Finished.Reason.FAILED ? failure : Optional.empty()));
        } catch (RuntimeException broken) {
            LOG.log(Level.ERROR, "sink failed request=" + request.requestId(), broken);
        }
    }
}
