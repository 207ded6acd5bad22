package graft.engine.remote;

import graft.engine.DigestNumbers;
import graft.engine.EngineAdapter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Adapters laid out where another server reads them: one folder a content digest, whole or not there, bounded in number.
 * Numbers come from digests and are never used for another content. Safe from any thread; {@link #hold} may wait for
 * the database.
 */
final class AdapterFolders {
    private static final class Entry {
        final EngineAdapter adapter;
        final Dialect.Laid laid;
        final long bytes;
        int uses;

        Entry(EngineAdapter adapter, Dialect.Laid laid, long bytes) {
            this.adapter = adapter;
            this.laid = laid;
            this.bytes = bytes;
        }
    }

    /** A resident adapter, for status. */
    record Resident(EngineAdapter adapter, long bytes, int uses) {}

    private final Path root;
    private final int most;
    private final Map<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private final DigestNumbers numbers = new DigestNumbers(Integer.MAX_VALUE);
    private long laid;

    AdapterFolders(Path root, int most) {
        this.root = root;
        this.most = most;
    }

    /** @return where it lies, until {@link #release} */
    Dialect.Laid hold(EngineAdapter adapter) {
        synchronized (this) {
            Entry entry = entries.get(adapter.digest());
            if (entry != null) {
                entry.uses++;
                return entry.laid;
            }
        }
        Path from = adapter.files().folder();
        synchronized (this) {
            Entry entry = entries.computeIfAbsent(adapter.digest(), digest -> lay(adapter, from));
            entry.uses++;
            dropUnused();
            return entry.laid;
        }
    }

    private Entry lay(EngineAdapter adapter, Path from) {
        String hex = DigestNumbers.sha256(adapter.digest());
        long number = numbers.of(adapter.digest());
        Path folder = root.resolve(hex);
        try {
            Path part = root.resolve(hex + ".part");
            deleteTree(part);
            Files.createDirectories(part);
            long bytes = 0;
            try (Stream<Path> files = Files.list(from)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    place(file, part.resolve(file.getFileName().toString()));
                    bytes += Files.size(file);
                }
            }
            deleteTree(folder);
            Files.move(part, folder);
            laid++;
            return new Entry(adapter, new Dialect.Laid("graft-" + hex.substring(0, 32), number, folder.toString()), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("the adapter can't be laid into " + folder, e);
        }
    }

    /** A second name for the same bytes where the file system has them, so that our cache may drop its own. */
    private static void place(Path file, Path to) throws IOException {
        try {
            Files.createLink(to, file);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException | UnsupportedOperationException noLinks) {
            Files.copy(file, to);
        }
    }

    private void dropUnused() {
        List<Map.Entry<String, Entry>> oldest = new ArrayList<>(entries.entrySet());
        for (int i = 0; i < oldest.size() && entries.size() > most; i++) {
            if (oldest.get(i).getValue().uses == 0) drop(oldest.get(i).getKey());
        }
    }

    private void drop(String digest) {
        Entry entry = entries.remove(digest);
        try {
            deleteTree(Path.of(entry.laid.folder()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    synchronized void release(EngineAdapter adapter) {
        Entry entry = entries.get(adapter.digest());
        if (entry == null || entry.uses == 0) throw new IllegalStateException("released and not held");
        entry.uses--;
    }

    synchronized void evict(String digest) {
        Entry entry = entries.get(digest);
        if (entry != null && entry.uses == 0) drop(digest);
    }

    synchronized List<Resident> residents() {
        return entries.values().stream().map(entry -> new Resident(entry.adapter, entry.bytes, entry.uses)).toList();
    }

    /** How many were laid since the start. */
    synchronized long laid() {
        return laid;
    }

    private static void deleteTree(Path folder) throws IOException {
        if (!Files.exists(folder)) return;
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path one : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(one);
        }
    }
}
