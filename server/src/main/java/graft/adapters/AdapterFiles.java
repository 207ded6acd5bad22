package graft.adapters;

import graft.engine.EngineAdapter;
import graft.registry.catalog.AdapterVersionDao;
import graft.registry.catalog.ArtifactDao;
import graft.registry.catalog.VersionFile;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Adapters on local disk, a folder each, named by content digest. A folder appears whole or not at all: it is written
 * beside from Postgres, every file proved by its digest, and then moved into place; one that a former run left is
 * proved before its first use. Bounded in bytes: the longest unused go first, but none that was handed out a moment
 * ago, because its reader may not have opened its files yet (once open they survive the removal).
 *
 * <p>Any thread may call; whoever asks for a digest that is being loaded waits for that one load.
 */
public final class AdapterFiles {
    private static final System.Logger LOG = System.getLogger(AdapterFiles.class.getName());
    private static final String LOADING = "loading-";

    private final Path root;
    private final AdapterVersionDao versions;
    private final ArtifactDao artifacts;
    private final Limits limits;
    private final Throttle throttle;
    /** Folders that are there, longest unused first. */
    private final Map<String, Held> held = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<String, CompletableFuture<Path>> loading = new HashMap<>();

    /**
     * @param cacheBytes         kept on disk, more only while all of it is in use
     * @param hold               how long a folder stays after it was handed out, whatever the bound
     * @param loadBytesPerSecond from Postgres, all loads together, while answers run; 0 is no limit
     */
    public record Limits(long cacheBytes, Duration hold, long loadBytesPerSecond) {}

    /** @param proved false for one of a former run that nobody asked for yet */
    private record Held(Path folder, long bytes, long handedOutNanos, boolean proved) {}

    /**
     * @param root      of the cache, this process's alone
     * @param streaming whether answers are running, which loading must leave bandwidth to
     */
    public AdapterFiles(Path root, AdapterVersionDao versions, ArtifactDao artifacts, Limits limits,
            BooleanSupplier streaming) {
        this.root = root;
        this.versions = versions;
        this.artifacts = artifacts;
        this.limits = limits;
        this.throttle = new Throttle(limits.loadBytesPerSecond(), streaming);
        try {
            Files.createDirectories(root);
            recall();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void recall() throws IOException {
        try (Stream<Path> left = Files.list(root)) {
            for (Path path : left.sorted(Comparator.comparingLong(path -> path.toFile().lastModified())).toList()) {
                String name = path.getFileName().toString();
                if (name.startsWith(LOADING)) Spool.delete(path);
                else held.put("sha256:" + name, new Held(path, size(path), System.nanoTime(), false));
            }
        }
    }

    /**
     * The adapter as the engine takes it; nothing is loaded until the engine asks for the files.
     *
     * @param owner whose adapter it is: who may use it was decided when its name was resolved
     * @param scale factor on its effect, 1 outside compositions
     */
    public EngineAdapter engineAdapter(String owner, String name, int version, String digest, double scale) {
        return new EngineAdapter(owner, name, version, digest, scale, () -> folder(owner, digest));
    }

    /** @throws UncheckedIOException when the content is not stored any more, is damaged, or can't be written here */
    Path folder(String owner, String digest) {
        CompletableFuture<Path> mine = new CompletableFuture<>();
        CompletableFuture<Path> others;
        synchronized (held) {
            Held here = held.get(digest);
            if (here != null && here.proved() && Files.isDirectory(here.folder())) {
                held.put(digest, new Held(here.folder(), here.bytes(), System.nanoTime(), true));
                return here.folder();
            }
            others = loading.putIfAbsent(digest, mine);
        }
        return others == null ? load(owner, digest, mine) : await(others);
    }

    private static Path await(CompletableFuture<Path> load) {
        try {
            return load.join();
        } catch (CompletionException e) {
            // A copy each: the stack of whoever waited, with the loader's failure as its cause.
            throw new UncheckedIOException(new IOException(e.getCause().getMessage(), e.getCause()));
        }
    }

    private Path load(String owner, String digest, CompletableFuture<Path> mine) {
        try {
            Path folder = root.resolve(digest.replace("sha256:", ""));
            if (!provedOnDisk(folder, digest)) fetch(owner, digest, folder);
            long bytes = size(folder);
            synchronized (held) {
                held.put(digest, new Held(folder, bytes, System.nanoTime(), true));
                loading.remove(digest);
                evict();
            }
            mine.complete(folder);
            return folder;
        } catch (IOException | RuntimeException e) {
            synchronized (held) {
                loading.remove(digest);
            }
            mine.completeExceptionally(e);
            LOG.log(System.Logger.Level.ERROR, "adapter={0} load failed: {1}", digest, e.getMessage());
            throw e instanceof IOException io ? new UncheckedIOException(io)
                    : e instanceof UncheckedIOException unchecked ? unchecked
                    : new UncheckedIOException(new IOException(e.getMessage(), e));
        }
    }

    private static boolean provedOnDisk(Path folder, String digest) throws IOException {
        if (!Files.isDirectory(folder)) return false;
        if (ContentDigest.of(folder).equals(digest)) return true;
        LOG.log(System.Logger.Level.WARNING, "adapter={0} its folder was changed and is loaded anew", digest);
        Spool.delete(folder);
        return false;
    }

    private void fetch(String owner, String digest, Path folder) throws IOException {
        List<VersionFile> files = versions.files(owner, owner, digest);
        if (files.isEmpty()) throw new IOException("the adapter " + digest + " is not stored any more");
        Path beside = Files.createTempDirectory(root, LOADING);
        try {
            for (VersionFile file : files) fetch(owner, file, beside.resolve(file.path()));
            if (!ContentDigest.of(files).equals(digest))
                throw new IOException("the files of the adapter " + digest + " are not those it was named by");
            move(beside, folder);
        } catch (IOException | RuntimeException e) {
            Spool.delete(beside);
            throw e;
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the cache's file system can't move a folder in one step", e);
        }
    }

    private void fetch(String owner, VersionFile file, Path to) throws IOException {
        try (OutputStream out = Files.newOutputStream(to)) {
            boolean found = artifacts.read(owner, owner, file.artifact(), bytes -> {
                throttle.pass(bytes.length);
                out.write(bytes);
            });
            if (!found) throw new IOException(file.path() + " (" + file.artifact() + ") is not stored any more");
        }
    }

    private static long size(Path folder) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) bytes += Files.size(file);
        }
        return bytes;
    }

    /** With the lock held. Moves out of the way first, so that a half-deleted folder never has an adapter's name. */
    private void evict() throws IOException {
        long total = held.values().stream().mapToLong(Held::bytes).sum();
        Iterator<Map.Entry<String, Held>> oldest = held.entrySet().iterator();
        while (total > limits.cacheBytes() && oldest.hasNext()) {
            Held candidate = oldest.next().getValue();
            if (System.nanoTime() - candidate.handedOutNanos() < limits.hold().toNanos()) break;
            oldest.remove();
            total -= candidate.bytes();
            if (!Files.isDirectory(candidate.folder())) continue;
            Path away = Files.createTempDirectory(root, LOADING).resolve("evicted");
            move(candidate.folder(), away);
            Spool.delete(away.getParent());
        }
    }
}
