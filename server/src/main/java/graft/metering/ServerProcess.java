package graft.metering;

import graft.registry.DatabaseUnavailableException;
import graft.registry.Ids;
import graft.registry.Periodic;
import graft.registry.usage.IdempotencyDao;
import graft.registry.usage.ProcessDao;
import java.time.Duration;
import java.util.Optional;

/**
 * This server's lease on what it has open in the ledger. At start it settles what an earlier process on the same data
 * folder left open; while it lives it extends its lease and settles for servers whose lease ended. One virtual thread;
 * a database that is away for less than the lease is no death.
 */
public final class ServerProcess implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ServerProcess.class.getName());
    private static final int REQUESTS_A_TRANSACTION = 500;
    private final String id = Ids.next("server_");
    private final ProcessDao processes;
    private final IdempotencyDao replies;
    private final String node;
    private final Duration lease;
    private final Periodic periodic;

    /**
     * Waits for the database: returns once earlier processes of this node are settled.
     *
     * @param replies of which it removes what is too old
     * @param node  names the data folder, which one process at a time may use
     * @param lease {@code metering.lease}, 30 s; renewed three times in it
     */
    public ServerProcess(ProcessDao processes, IdempotencyDao replies, String node, Duration lease) {
        if (lease.toMillis() < 300) throw new IllegalArgumentException("lease " + lease);
        this.processes = processes;
        this.replies = replies;
        this.node = node;
        this.lease = lease;
        beat();
        periodic = Periodic.every("server-lease", lease.dividedBy(3), this::beat);
    }

    /** What ledger rows and holds of this process are marked with. */
    public String id() {
        return id;
    }

    private void beat() {
        processes.beat(id, node, lease);
        Optional<Integer> settled = processes.settleDead(id, node, REQUESTS_A_TRANSACTION);
        while (settled.isPresent()) {
            if (settled.get() > 0)
                LOG.log(System.Logger.Level.INFO, "process={0} settled={1} of a server that died", id, settled.get());
            settled = processes.settleDead(id, node, REQUESTS_A_TRANSACTION);
        }
        replies.purge();
    }

    /** Call after everything is settled: what is open then is settled by the next server from its last checkpoint. */
    @Override
    public void close() {
        periodic.close();
        try {
            processes.end(id);
        } catch (DatabaseUnavailableException e) {
            LOG.log(System.Logger.Level.WARNING, "process={0} lease not ended: {1}", id, e.reason());
        }
    }
}
