package graft.metering;

import graft.registry.DatabaseUnavailableException;
import graft.registry.Periodic;
import graft.registry.usage.IdempotencyDao;
import graft.registry.usage.IdempotencyDao.Found;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The replies under Idempotency-Keys, of this server's requests. What the database can't be told at a request's end is
 * told when it is back: a key that stayed taken would refuse its client for an hour. Any thread may call.
 */
public final class KeptReplies implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(KeptReplies.class.getName());
    /** What a reply that waits costs beside its body. */
    private static final int OVERHEAD = 1_024;
    private final IdempotencyDao replies;
    private final long mostBytes;
    private final Periodic periodic;
    /** By request; under its own lock, as is the sum of their bytes. */
    private final Map<String, Late> waiting = new LinkedHashMap<>();
    private long waitingBytes;

    /** @param reply empty if the key is only to be freed */
    private record Late(String tenantId, String key, String owner, Optional<Found.Done> reply) {
        long bytes() {
            return OVERHEAD + reply.map(done -> done.body().length).orElse(0);
        }
    }

    /**
     * @param mostBytes of replies that wait for the database ({@code idempotency.late-bytes}, 64 MiB); a key
     *                  beyond it stays taken for as long as a request may run
     * @param interval  after which the database is told again
     */
    public KeptReplies(IdempotencyDao replies, long mostBytes, Duration interval) {
        this.replies = replies;
        this.mostBytes = mostBytes;
        periodic = Periodic.every("late-replies", interval, this::tell);
    }

    /** @see IdempotencyDao#begin */
    public Found begin(String tenantId, String key, byte[] requestHash, String owner, String processId) {
        return replies.begin(tenantId, key, requestHash, owner, processId);
    }

    /** Keeps the reply of a request that has its key still, now or when the database is back. */
    public void finish(String tenantId, String key, String owner, Found.Done reply) {
        tellOrWait(new Late(tenantId, key, owner, Optional.of(reply)));
    }

    /** Frees the key of a request that ended without a reply worth keeping, now or when the database is back. */
    public void forget(String tenantId, String key, String owner) {
        synchronized (waiting) {
            if (waiting.containsKey(owner)) return; // its reply is on its way
        }
        tellOrWait(new Late(tenantId, key, owner, Optional.empty()));
    }

    private void tellOrWait(Late late) {
        try {
            tell(late);
        } catch (DatabaseUnavailableException e) {
            LOG.log(System.Logger.Level.WARNING, "request={0} its {1} waits for the database: {2}", late.owner(),
                    late.reply().isPresent() ? "reply" : "key", e.reason());
            await(late);
        }
    }

    private void tell(Late late) {
        late.reply().ifPresentOrElse(reply -> replies.finish(late.tenantId(), late.key(), late.owner(), reply),
                () -> replies.forget(late.tenantId(), late.key(), late.owner()));
    }

    private void await(Late late) {
        synchronized (waiting) {
            if (waitingBytes + late.bytes() <= mostBytes) {
                waiting.put(late.owner(), late);
                waitingBytes += late.bytes();
                return;
            }
        }
        LOG.log(System.Logger.Level.ERROR, "request={0} too much waits for the database: dropped", late.owner());
    }

    private void tell() {
        List<Late> all;
        synchronized (waiting) {
            all = new ArrayList<>(waiting.values());
        }
        for (Late late : all) {
            try {
                tell(late);
            } catch (DatabaseUnavailableException e) {
                throw e; // all that wait go on waiting
            } catch (RuntimeException e) { // it would fail again and hold up those behind it
                LOG.log(System.Logger.Level.ERROR, "request=" + late.owner() + " can't be told: dropped", e);
            }
            synchronized (waiting) {
                waiting.remove(late.owner());
                waitingBytes -= late.bytes();
            }
        }
    }

    /** Call when no request runs any more; tells the database a last time. */
    @Override
    public void close() {
        periodic.close();
        try {
            tell();
        } catch (DatabaseUnavailableException e) {
            LOG.log(System.Logger.Level.WARNING, "what waits for the database is left to the lease's end: {0}",
                    e.reason());
        }
    }
}
