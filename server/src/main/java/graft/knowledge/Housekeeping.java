package graft.knowledge;

import graft.registry.Periodic;
import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.StoreDao;
import graft.registry.knowledge.uploads.UploadDao;
import java.time.Duration;

/**
 * Removes what has had its time: expired files and those of deleted tenants, the contents of stores that nobody used
 * for as long as they say, old records of retrievals. One virtual thread; several servers may do it at once.
 */
public final class Housekeeping implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Housekeeping.class.getName());
    private final FileDao files;
    private final StoreDao stores;
    private final RetrievalDao retrievals;
    private final UploadDao uploads;
    private final Settings settings;
    private Periodic periodic; // null before start

    /**
     * @param interval  between two rounds: {@code knowledge.housekeeping-interval}
     * @param retention of retrieval records: {@code knowledge.retrieval-retention}
     * @param batch     most things removed of a kind in one round: {@code knowledge.housekeeping-batch}
     */
    public record Settings(Duration interval, Duration retention, int batch) {
        public static final Settings DEFAULTS = new Settings(Duration.ofMinutes(1), Duration.ofDays(30), 1000);
    }

    public Housekeeping(FileDao files, StoreDao stores, RetrievalDao retrievals, UploadDao uploads,
            Settings settings) {
        this.uploads = uploads;
        this.files = files;
        this.stores = stores;
        this.retrievals = retrievals;
        this.settings = settings;
    }

    public void start() {
        periodic = Periodic.fromNowOn("knowledge-housekeeping", settings.interval(), this::round);
    }

    /** One round, on the caller's thread. */
    void round() {
        int removed = 0;
        for (FileDao.Expired file : files.expired(settings.batch())) {
            if (files.delete(file.tenantId(), file.id(), StoreDao.SERVER).isPresent()) removed++;
        }
        long emptied = 0;
        for (FileDao.Expired store : stores.expired(settings.batch())) {
            emptied += stores.empty(store.tenantId(), store.id())
                    .map(receipt -> receipt.removed().documents()).orElse(0L);
        }
        int pruned = retrievals.prune(settings.retention(), settings.batch());
        int unfinished = uploads.purge(settings.batch());
        if (removed + emptied + pruned + unfinished > 0) {
            LOG.log(System.Logger.Level.INFO, "expired files={0} store_files={1} retrievals={2} uploads={3}", removed,
                    emptied, pruned, unfinished);
        }
    }

    @Override
    public void close() {
        if (periodic != null) periodic.close();
    }
}
