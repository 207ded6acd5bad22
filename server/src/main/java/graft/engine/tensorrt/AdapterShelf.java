package graft.engine.tensorrt;

import graft.engine.DigestNumbers;
import graft.engine.EngineAdapter;
import graft.engine.EngineStatus.ResidentAdapter;
import graft.engine.EngineStatus.Tier;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The packed adapters that the bridge holds, and which of them the executor has seen: TensorRT-LLM has no call for
 * loading, unloading or listing, so this is the only record of residency. Bounded in bytes by the bridge; the one unused
 * longest goes first. Task ids come from content digests and never stand for two contents: cached KV carries them.
 *
 * <p>Safe from any thread. {@link #hold} may wait for memory and for the database: virtual threads only.
 */
final class AdapterShelf {
    /** Puts weights into the native side, and takes them out. */
    interface Native {
        /** @return a code of {@link TensorRtLibrary} */
        int put(long task, PackedAdapter packed, ByteBuffer message);

        boolean drop(long task);
    }

    /** Packs what a composition names, from its files. */
    @FunctionalInterface
    interface Packer {
        PackedAdapter pack(List<EngineAdapter> adapters);
    }

    private static final class Entry {
        final long task;
        final List<EngineAdapter> adapters;
        long bytes;
        int uses;
        boolean loading = true;
        boolean onDevice;
        long lastUse;
        Optional<RuntimeException> failure = Optional.empty();

        Entry(long task, List<EngineAdapter> adapters) {
            this.task = task;
            this.adapters = adapters;
        }
    }

    private final Native bridge;
    private final Packer packer;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final DigestNumbers tasks = new DigestNumbers(Long.MAX_VALUE);
    private final ByteBuffer message = TensorRtLibrary.message();
    private long clock;
    private long loads;

    AdapterShelf(Native bridge, Packer packer) {
        this.bridge = bridge;
        this.packer = packer;
    }

    /** What stands for one composition, whoever names it in whatever order. */
    static String key(List<EngineAdapter> adapters) {
        return adapters.stream().map(adapter -> adapter.digest() + "*" + adapter.scale()).sorted()
                .reduce((a, b) -> a + "+" + b).orElse("");
    }

    /** A held adapter that is there already: the way without waiting. */
    synchronized Optional<Long> tryHold(String key) {
        Entry entry = entries.get(key);
        if (entry == null || entry.loading) return Optional.empty();
        return Optional.of(hold(entry));
    }

    /**
     * Waits until the adapter is there, loading it if nobody does.
     *
     * @param given up set to true, and {@link #wake} called, ends the wait
     * @return its task id, held until {@link #release}; empty if given up
     * @throws RuntimeException what made its loading fail
     */
    Optional<Long> hold(List<EngineAdapter> adapters, AtomicBoolean givenUp) {
        String key = key(adapters);
        Entry entry;
        synchronized (this) {
            entry = entries.get(key);
            while (entry != null && entry.loading && !givenUp.get()) {
                await();
                entry.failure.ifPresent(failure -> {
                    throw failure;
                });
                entry = entries.get(key);
            }
            if (givenUp.get()) return Optional.empty();
            if (entry != null) return Optional.of(hold(entry));
            entry = new Entry(tasks.of(key), adapters);
            entries.put(key, entry);
        }
        return load(key, entry, givenUp);
    }

    private Optional<Long> load(String key, Entry entry, AtomicBoolean givenUp) {
        try {
            PackedAdapter packed = packer.pack(entry.adapters);
            return put(key, entry, packed, givenUp);
        } catch (RuntimeException failed) {
            synchronized (this) {
                entry.failure = Optional.of(failed);
                entries.remove(key);
                notifyAll();
            }
            throw failed;
        }
    }

    private synchronized Optional<Long> put(String key, Entry entry, PackedAdapter packed, AtomicBoolean givenUp) {
        for (int code = bridge.put(entry.task, packed, message); code != TensorRtLibrary.OK;
                code = bridge.put(entry.task, packed, message)) {
            if (code != TensorRtLibrary.BUSY) throw new UnsupportedEngineException(TensorRtLibrary.text(message));
            if (dropLeastUsed()) continue;
            if (entries.values().stream().noneMatch(other -> other.uses > 0))
                throw new UnsupportedEngineException("the adapter's " + packed.bytes()
                        + " bytes exceed engine.adapter-host-bytes");
            if (!givenUp.get()) await();
            if (givenUp.get()) {
                entries.remove(key);
                notifyAll();
                return Optional.empty();
            }
        }
        entry.loading = false;
        entry.bytes = packed.bytes();
        loads++;
        notifyAll();
        return Optional.of(hold(entry));
    }

    private boolean dropLeastUsed() {
        Optional<Map.Entry<String, Entry>> oldest = entries.entrySet().stream()
                .filter(each -> !each.getValue().loading && each.getValue().uses == 0)
                .min(Comparator.comparingLong(each -> each.getValue().lastUse));
        return oldest.filter(each -> drop(each.getKey(), each.getValue())).isPresent();
    }

    private boolean drop(String key, Entry entry) {
        if (!bridge.drop(entry.task)) return false;
        entries.remove(key);
        return true;
    }

    private long hold(Entry entry) {
        entry.uses++;
        entry.lastUse = ++clock;
        return entry.task;
    }

    synchronized void release(String key) {
        Entry entry = entries.get(key);
        if (entry == null || entry.uses == 0) throw new IllegalStateException("released and not held: " + key);
        entry.uses--;
        notifyAll();
    }

    /** The executor answered with it: it has it. */
    synchronized void seen(String key) {
        Entry entry = entries.get(key);
        if (entry != null) entry.onDevice = true;
    }

    /** Those who gave up look up. */
    synchronized void wake() {
        notifyAll();
    }

    /** Forgets every unused composition that holds this adapter. */
    synchronized void evict(String digest) {
        List<Map.Entry<String, Entry>> unused = new ArrayList<>(entries.entrySet());
        for (Map.Entry<String, Entry> each : unused) {
            Entry entry = each.getValue();
            boolean holds = entry.adapters.stream().anyMatch(adapter -> adapter.digest().equals(digest));
            if (holds && !entry.loading && entry.uses == 0) drop(each.getKey(), entry);
        }
    }

    synchronized List<ResidentAdapter> residents() {
        return entries.values().stream().filter(entry -> !entry.loading).flatMap(entry -> entry.adapters.stream()
                .map(adapter -> ResidentAdapter.of(adapter, entry.onDevice ? Tier.DEVICE : Tier.HOST,
                        entry.bytes / entry.adapters.size(), entry.uses)))
                .toList();
    }

    synchronized long loads() {
        return loads;
    }

    private void await() {
        boolean interrupted = false;
        try {
            wait();
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) Thread.currentThread().interrupt();
    }
}
