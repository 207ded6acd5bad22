package graft.registry.knowledge.images;

import graft.registry.Database;
import graft.registry.knowledge.images.ImageDao.Change;
import graft.registry.knowledge.images.ImageDao.Standing;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.ResultIterator;

/**
 * The images that this process holds, bounded in bytes; the one that was asked for least lately goes first. An image is
 * made in the background after a store was searched, by one thread, and is the tenant's whose store it is: it is found
 * under both names only and is read with that tenant's rights. While there is none, the database's own indexes serve.
 *
 * <p>Each process has its own. What keeps them right is the store's revision in the database, which every publication
 * and deletion raises in its own transaction: whoever searches sees that an image is behind and brings it up first
 * ({@link #catchUp}). Any thread may call; close it before the database.
 */
public final class StoreImages implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(StoreImages.class.getName());
    private static final int MOST_WAITING = 64;
    private final Database database;
    private final Settings settings;
    private final Map<Key, Held> held = new LinkedHashMap<>(16, 0.75f, true); // guarded by this
    private final Set<Key> wanted = new HashSet<>(); // guarded by this: waiting or being made
    private final Map<Key, Long> tooLarge = new LinkedHashMap<>(); // guarded by this: chunks with which it was
    private final ThreadPoolExecutor maker;
    private volatile boolean closed;

    /**
     * @param memoryBytes of all images together: {@code knowledge.image-memory-bytes}; 0 for none
     * @param leastChunks of a store that gets one: {@code knowledge.image-chunks}
     * @param mostChanges chunks that a search itself adds; more are left to the background:
     *                    {@code knowledge.image-changes}
     */
    public record Settings(long memoryBytes, int leastChunks, int mostChanges) {
        public static final Settings DEFAULTS = new Settings(256L << 20, 2000, 2000);
        public static final Settings NONE = new Settings(0, 2000, 2000);

        public Settings {
            if (memoryBytes < 0 || leastChunks < 0 || mostChanges < 0) throw new IllegalArgumentException(
                    "memoryBytes " + memoryBytes + " leastChunks " + leastChunks + " mostChanges " + mostChanges);
        }
    }

    private record Key(String tenantId, long store) {}

    private record Held(StoreImage image, long bytes) {}

    public StoreImages(Database database, Settings settings) {
        this.database = database;
        this.settings = settings;
        maker = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MOST_WAITING),
                Thread.ofPlatform().daemon().name("store-images").factory());
        maker.allowCoreThreadTimeOut(true);
    }

    /**
     * The image of a store, perhaps behind it; if there is none and should be one, it is asked for.
     *
     * @param space  of the vectors that it will be compared with
     * @param chunks that the store holds
     */
    public Optional<StoreImage> find(String tenantId, long store, String space, long chunks) {
        if (settings.memoryBytes() == 0 || chunks < settings.leastChunks()) return Optional.empty();
        Key key = new Key(tenantId, store);
        synchronized (this) {
            Held found = held.get(key);
            if (found != null && found.image().space().equals(space)) return Optional.of(found.image());
            // Not before it has become a tenth smaller.
            if (tooLarge.containsKey(key) && chunks > tooLarge.get(key) * 9 / 10) return Optional.empty();
        }
        ask(key, false);
        return Optional.empty();
    }

    /** Has it made, or what it lacks, in the background. A full queue means that another search asks again. */
    private void ask(Key key, boolean anew) {
        synchronized (this) {
            if (!wanted.add(key)) return;
        }
        try {
            maker.execute(() -> {
                try {
                    make(key, anew);
                } catch (RuntimeException e) {
                    drop(key);
                    LOG.log(System.Logger.Level.WARNING, "image store={0} not made: {1}",
                            String.valueOf(key.store()), e.toString());
                } finally {
                    synchronized (this) {
                        wanted.remove(key);
                    }
                }
            });
        } catch (RejectedExecutionException e) {
            synchronized (this) {
                wanted.remove(key);
            }
        }
    }

    /** Makes a store's image now, or brings it up. @return whether there is one */
    public boolean load(String tenantId, long store) {
        Key key = new Key(tenantId, store);
        make(key, false);
        return held(key).isPresent();
    }

    private synchronized Optional<StoreImage> held(Key key) {
        return Optional.ofNullable(held.get(key)).map(Held::image);
    }

    private synchronized void drop(Key key) {
        held.remove(key);
    }

    /** Bytes of all images. */
    public synchronized long bytes() {
        return held.values().stream().mapToLong(Held::bytes).sum();
    }

    private void make(Key key, boolean anew) {
        long began = System.nanoTime();
        Optional<StoreImage> present = anew ? Optional.empty() : held(key);
        database.asTenant(key.tenantId(), handle -> {
            Optional<Standing> standing = ImageDao.standing(handle, key.store());
            if (standing.isEmpty()) {
                drop(key);
                return false;
            }
            StoreImage image = present.filter(one -> one.space().equals(standing.get().space())).orElseGet(() ->
                    new StoreImage(standing.get().space(), standing.get().dimensions()));
            image.changing().lock();
            try (ResultIterator<Change> changes = ImageDao.changes(handle, key.store(), image.revision())) {
                return add(key, image, changes);
            } finally {
                image.changing().unlock();
            }
        });
        held(key).ifPresent(image -> LOG.log(System.Logger.Level.INFO, "image store={0} chunks={1} bytes={2} ms={3}",
                String.valueOf(key.store()), String.valueOf(image.chunks()), String.valueOf(image.bytes()),
                String.valueOf((System.nanoTime() - began) / 1_000_000)));
    }

    /** Adds all as it comes. What fails in the middle is dropped by the caller. */
    private boolean add(Key key, StoreImage image, ResultIterator<Change> changes) {
        while (changes.hasNext()) {
            Change change = changes.next();
            if (closed || !change.standing().space().equals(image.space())) {
                drop(key);
                return false;
            }
            change.chunk().ifPresent(image::add);
            if (image.bytes() > settings.memoryBytes()) {
                refuse(key, change.standing().chunks());
                return false;
            }
            if (!changes.hasNext()) image.revision(change.standing().revision());
        }
        return keep(key, image);
    }

    private synchronized void refuse(Key key, long chunks) {
        held.remove(key);
        if (tooLarge.size() >= 16 * MOST_WAITING) tooLarge.clear();
        tooLarge.put(key, chunks);
        LOG.log(System.Logger.Level.INFO, "image store={0} chunks={1} too_large for={2}", String.valueOf(key.store()),
                String.valueOf(chunks), String.valueOf(settings.memoryBytes()));
    }

    /** It is the latest that was asked for; others make room. */
    private synchronized boolean keep(Key key, StoreImage image) {
        held.put(key, new Held(image, image.bytes()));
        for (List<Key> others = new ArrayList<>(held.keySet()); bytes() > settings.memoryBytes();) {
            Key eldest = others.removeFirst();
            held.remove(eldest);
            LOG.log(System.Logger.Level.INFO, "image store={0} evicted", String.valueOf(eldest.store()));
        }
        return held.containsKey(key);
    }

    /**
     * Brings an image up to its store as the handle's next statement sees it.
     *
     * @return false if it is too far behind, being changed by another, or of no use any more: ask the database
     */
    public boolean catchUp(Handle handle, String tenantId, long store, StoreImage image) {
        Key key = new Key(tenantId, store);
        if (!image.changing().tryLock()) return false;
        try (ResultIterator<Change> changes = ImageDao.changes(handle, store, image.revision())) {
            List<Change> read = new ArrayList<>();
            while (changes.hasNext() && read.size() <= settings.mostChanges()) read.add(changes.next());
            if (read.isEmpty() || !read.getFirst().standing().space().equals(image.space())) {
                drop(key);
                return false;
            }
            if (read.size() > settings.mostChanges()) {
                ask(key, false);
                return false;
            }
            for (Change change : read) change.chunk().ifPresent(image::add);
            Standing standing = read.getFirst().standing();
            image.revision(standing.revision());
            prune(handle, key, image, standing);
            // One that was made anew, or for which others made room, stays as it is.
            return held(key).filter(one -> one == image).isEmpty() || keep(key, image);
        } finally {
            image.changing().unlock();
        }
    }

    /** Deletions leave no row that says so: when an eighth is superfluous, the image learns what is still there. */
    private void prune(Handle handle, Key key, StoreImage image, Standing standing) {
        if (image.chunks() - image.goneChunks() > standing.chunks() * 9 / 8) {
            image.keepOnly(ImageDao.visible(handle, key.store()));
        }
        if (image.goneChunks() > image.chunks() / 4) ask(key, true);
    }

    /** Remembers revisions that the database no longer shows, which they will never be again. */
    public void forget(StoreImage image, Iterable<Long> revisions) {
        if (!image.changing().tryLock()) return; // they are met again
        try {
            revisions.forEach(image::forget);
        } finally {
            image.changing().unlock();
        }
    }

    /** Makes no more, and leaves what is being made. */
    @Override
    public void close() {
        closed = true;
        maker.getQueue().clear();
        maker.shutdown();
        try {
            maker.awaitTermination(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
