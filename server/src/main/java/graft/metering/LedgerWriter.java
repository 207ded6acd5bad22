package graft.metering;

import graft.registry.DatabaseUnavailableException;
import graft.registry.usage.LedgerDao;
import graft.registry.usage.LedgerDao.UnopenedRequestException;
import graft.registry.usage.LedgerWrite;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Group commit: one thread takes everything that waits and writes it in one transaction, so a busy server pays for few
 * commits and an idle one waits for nobody. While the database is away, rows to be opened fail, and rows to be
 * checkpointed or settled are kept and tried again until they are written; there are never more of them than requests
 * were open. Any thread may submit; the queue is bounded, and a full one makes submitters wait.
 */
final class LedgerWriter implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(LedgerWriter.class.getName());
    private static final long RETRY_MILLIS = 200;
    private final LedgerDao ledger;
    private final int mostAtOnce;
    private final BlockingQueue<Entry> queue;
    /** Each at most once; their counters are read when they are written. */
    private final Queue<LedgerTicket> due = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Deque<Pending> unsettled = new ArrayDeque<>();
    private final Thread thread;
    private volatile boolean closing;

    private sealed interface Entry {}

    /** Somebody is due. */
    private record Wake() implements Entry {}

    private record Pending(LedgerWrite write, CompletableFuture<Long> written) implements Entry {
        boolean settles() {
            return write instanceof LedgerWrite.Settle;
        }
    }

    /** @param mostAtOnce writes of one transaction; the queue holds sixteen times as many */
    LedgerWriter(LedgerDao ledger, int mostAtOnce) {
        this.ledger = ledger;
        this.mostAtOnce = mostAtOnce;
        this.queue = new ArrayBlockingQueue<>(16 * mostAtOnce);
        this.thread = Thread.ofPlatform().name("ledger").daemon(true).start(this::run);
    }

    /**
     * @return completes once committed, with the cost in micros of a settled request and 0 of others; fails with what
     *     the database answered, a settling only with what no second try can mend
     */
    CompletableFuture<Long> submit(LedgerWrite write, Duration wait) {
        Pending pending = new Pending(write, new CompletableFuture<>());
        try {
            if (closing || !queue.offer(pending, wait.toMillis(), TimeUnit.MILLISECONDS))
                throw new DatabaseUnavailableException(new TimeoutException("the ledger's queue is full or closed"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatabaseUnavailableException(e);
        }
        return pending.written();
    }

    /** Has a row checkpointed soon; returns at once. */
    void due(LedgerTicket ticket) {
        due.add(ticket);
        // A full queue needs nobody who wakes the writer.
        if (woken.compareAndSet(false, true) && !queue.offer(new Wake())) woken.set(false);
    }

    private void run() {
        while (!closing || !queue.isEmpty()) {
            List<Pending> batch = new ArrayList<>();
            try {
                drain(queue.poll(RETRY_MILLIS, TimeUnit.MILLISECONDS), batch);
            } catch (InterruptedException e) {
                break;
            }
            addDue(batch);
            while (!unsettled.isEmpty() && batch.size() < 3 * mostAtOnce) batch.add(unsettled.poll());
            if (!batch.isEmpty()) write(batch);
        }
        unsettled.forEach(pending -> LOG.log(System.Logger.Level.WARNING,
                "request={0} not settled here; the next server settles it", pending.write().request().requestId()));
    }

    /** @param first null where nobody came */
    private void drain(Entry first, List<Pending> batch) {
        for (Entry entry = first; entry != null; entry = batch.size() < mostAtOnce ? queue.poll() : null) {
            switch (entry) {
                case Pending pending -> batch.add(pending);
                case Wake() -> woken.set(false);
            }
        }
    }

    private void addDue(List<Pending> batch) {
        int most = batch.size() + mostAtOnce;
        for (LedgerTicket next = due.poll(); next != null; next = batch.size() < most ? due.poll() : null) {
            LedgerTicket ticket = next;
            ticket.checkpoint().ifPresent(write -> {
                Pending pending = new Pending(write, new CompletableFuture<>());
                pending.written().whenComplete((cost, failure) -> {
                    if (failure == null) ticket.committed(write);
                    else if (failure instanceof DatabaseUnavailableException && ticket.retries()) due.add(ticket);
                });
                batch.add(pending);
            });
        }
    }

    private void write(List<Pending> batch) {
        try {
            complete(batch, ledger.write(batch.stream().map(Pending::write).toList()));
        } catch (DatabaseUnavailableException e) {
            LOG.log(System.Logger.Level.WARNING, "ledger writes={0} wait for the database: {1}",
                    batch.size(), e.reason());
            for (Pending pending : batch) {
                if (pending.settles()) unsettled.add(pending);
                else pending.written().completeExceptionally(e);
            }
        } catch (RuntimeException e) {
            if (batch.size() == 1) fail(batch.getFirst(), e);
            else batch.forEach(pending -> write(List.of(pending))); // one bad row must not hold up the others
        }
    }

    private static void complete(List<Pending> batch, Map<String, Long> costs) {
        for (Pending pending : batch) {
            pending.written().complete(pending.settles() ? costs.get(pending.write().request().requestId()) : 0L);
        }
    }

    private static void fail(Pending pending, RuntimeException e) {
        if (!(e instanceof UnopenedRequestException))
            LOG.log(System.Logger.Level.ERROR, "request=" + pending.write().request().requestId() + " not written", e);
        pending.written().completeExceptionally(e);
    }

    /** Writes what was submitted, then stops. */
    @Override
    public void close() {
        closing = true;
        try {
            thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
