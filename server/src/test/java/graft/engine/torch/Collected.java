package graft.engine.torch;

import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.TokenSink;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A sink that keeps everything. */
final class Collected implements TokenSink {
    final List<GeneratedToken> tokens = new CopyOnWriteArrayList<>();
    private final CountDownLatch first = new CountDownLatch(1);
    private final CompletableFuture<Finished> finished = new CompletableFuture<>();

    @Override
    public void token(GeneratedToken token) {
        if (finished.isDone()) throw new AssertionError("a token after the end");
        tokens.add(token);
        first.countDown();
    }

    @Override
    public void finished(Finished end) {
        if (!finished.complete(end)) throw new AssertionError("ended twice");
    }

    Finished end() {
        return finished.copy().orTimeout(180, TimeUnit.SECONDS).join(); // the copy: the engine ends the original
    }

    /** Also returns for a sequence that was cancelled before it had a token. */
    void awaitEndOrFirstToken() throws InterruptedException {
        finished.thenRun(first::countDown);
        awaitFirstToken();
    }

    void awaitFirstToken() throws InterruptedException {
        if (!first.await(60, TimeUnit.SECONDS)) throw new AssertionError("no token within a minute");
    }

    int[] ids() {
        return tokens.stream().mapToInt(GeneratedToken::id).toArray();
    }
}
