package graft.adapters.shadow;

import graft.engine.EngineRequest;
import graft.engine.EngineStatus;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.Submission;
import graft.engine.TokenSink;
import graft.registry.catalog.ShadowDao;
import graft.registry.catalog.ShadowDao.Comparison;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;

/**
 * Answers requests again with candidates, one at a time, when nobody waits for the engine. What finds no place in the
 * queue, or whose engine stays busy longer than its patience, is dropped and counted; callers never wait for it. Any
 * thread may offer.
 */
public final class ShadowTraffic implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ShadowTraffic.class.getName());
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);
    private final ShadowDao dao;
    private final BiConsumer<ShadowJob, Finished> ledger;
    private final Limits limits;
    private final BlockingQueue<ShadowJob> queue;
    private final AtomicLong compared = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread worker;

    /**
     * @param queued   requests that may wait ({@code adapters.shadow-queue})
     * @param patience for an idle engine, and then for the answer ({@code adapters.shadow-patience})
     * @param kept     comparisons of one alias ({@code adapters.shadow-kept})
     */
    public record Limits(int queued, Duration patience, int kept) {}

    /** @param ledger told what a candidate consumed, before its comparison is stored */
    public ShadowTraffic(ShadowDao dao, BiConsumer<ShadowJob, Finished> ledger, Limits limits) {
        this.dao = dao;
        this.ledger = ledger;
        this.limits = limits;
        this.queue = new ArrayBlockingQueue<>(limits.queued());
        this.worker = Thread.ofVirtual().name("shadow-traffic").start(this::run);
    }

    /** Returns at once. */
    public void offer(ShadowJob job) {
        if (!queue.offer(job)) dropped.incrementAndGet();
    }

    /** How many were compared, dropped and failed since the start. */
    public Map<String, Long> counts() {
        return Map.of("compared", compared.get(), "dropped", dropped.get(), "failed", failed.get());
    }

    private void run() {
        try {
            while (closing.getCount() > 0) {
                ShadowJob job = queue.poll(LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS);
                if (job != null) answer(job);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void answer(ShadowJob job) throws InterruptedException {
        try {
            if (!awaitIdle(job)) {
                dropped.incrementAndGet();
                return;
            }
            Collected collected = new Collected();
            long start = System.nanoTime();
            Submission submission = job.engine().submit(new EngineRequest("shadow of " + job.requestId(),
                    "shadow:" + job.owner(), job.prompt(), job.maxNewTokens(), job.sampling(), List.of(job.candidate()),
                    job.stopTokens(), 0, Optional.empty()), collected);
            switch (submission) {
                case Submission.Busy busy -> dropped.incrementAndGet();
                case Submission.Accepted accepted -> compare(job, collected, accepted.sequenceId(), start);
            }
        } catch (RuntimeException e) {
            failed.incrementAndGet();
            LOG.log(System.Logger.Level.WARNING, "shadow request=" + job.requestId() + " failed", e);
        }
    }

    /** Low priority: a candidate begins only where nobody else is computed for. */
    private boolean awaitIdle(ShadowJob job) throws InterruptedException {
        for (long deadline = System.nanoTime() + limits.patience().toNanos(); System.nanoTime() < deadline;) {
            EngineStatus status = job.engine().status();
            if (status.running() == 0 && status.waiting() == 0) return true;
            if (closing.await(LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS)) return false;
        }
        return false;
    }

    private void compare(ShadowJob job, Collected collected, long sequence, long start) throws InterruptedException {
        Finished finished;
        try {
            finished = collected.end.get(limits.patience().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            job.engine().cancel(sequence);
            dropped.incrementAndGet();
            return;
        } catch (ExecutionException e) {
            throw new IllegalStateException("the end of a sequence is never a failure", e);
        }
        long micros = (System.nanoTime() - start) / 1000;
        ledger.accept(job, finished);
        if (finished.reason() == Finished.Reason.FAILED || finished.reason() == Finished.Reason.CANCELLED) {
            failed.incrementAndGet();
            LOG.log(System.Logger.Level.WARNING, "shadow request={0} failed: {1}", job.requestId(),
                    finished.failure().orElse("cancelled"));
            return;
        }
        dao.add(job.owner(), comparison(job, collected.tokens, micros), limits.kept());
        compared.incrementAndGet();
    }

    private static Comparison comparison(ShadowJob job, List<Integer> shadow, long micros) {
        return new Comparison(job.adapter(), job.alias(), job.requestId(), job.askedBy(), job.version(),
                job.candidate().version(), firstDifference(job.answer(), shadow), job.answer().size(), shadow.size(),
                job.micros(), micros, job.text().apply(array(job.answer())), job.text().apply(array(shadow)));
    }

    private static Optional<Integer> firstDifference(List<Integer> one, List<Integer> other) {
        int same = 0;
        while (same < Math.min(one.size(), other.size()) && one.get(same).equals(other.get(same))) same++;
        return same == one.size() && same == other.size() ? Optional.empty() : Optional.of(same);
    }

    private static int[] array(List<Integer> tokens) {
        return tokens.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Written on the engine's thread until the end is told, read after it. */
    private static final class Collected implements TokenSink {
        private final List<Integer> tokens = new ArrayList<>();
        private final CompletableFuture<Finished> end = new CompletableFuture<>();

        @Override
        public void token(GeneratedToken token) {
            tokens.add(token.id());
        }

        @Override
        public void finished(Finished finished) {
            end.complete(finished);
        }
    }

    /** Ends after the answer that is under way; what still waits is dropped. */
    @Override
    public void close() {
        closing.countDown();
        try {
            worker.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
