package graft.engine.torch;

import graft.engine.EngineAdapter;
import graft.engine.EngineStatus.ResidentAdapter;
import graft.engine.EngineStatus.Tier;
import graft.engine.Workers;
import graft.scheduling.AdapterKey;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Which adapters are in memory: loaded on first use by threads that give way to the step, on the device up to a
 * bound in bytes, then kept on the host up to another; the least recently used goes first, one in use never.
 *
 * <p>Everything but the loading itself belongs to the engine's thread.
 */
final class AdapterBank implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(AdapterBank.class.getName());

    /** What has become of the adapters a sequence needs. */
    sealed interface Readiness {
        /** All are on the device and held until {@link #release}. */
        record Held() implements Readiness {}

        /** Some are on their way. */
        record Loading() implements Readiness {}

        /** All are loaded, but those in use leave no room. */
        record NoRoom() implements Readiness {}

        record Impossible(String reason) implements Readiness {}
    }

    /** What a loader's thread hands to the engine's thread. */
    record Arrival(EngineAdapter adapter, Optional<StagedAdapter> staged, String failure) {}

    private static final class Entry {
        final EngineAdapter adapter;
        Optional<StagedAdapter> staged = Optional.empty();
        int slot = -1;
        int users;
        long lastUsed;

        Entry(EngineAdapter adapter) {
            this.adapter = adapter;
        }

        boolean onDevice() {
            return slot >= 0;
        }

        long bytes() {
            return staged.map(StagedAdapter::bytes).orElse(0L);
        }
    }

    private final TorchModule module;
    private final TorchSettings settings;
    private final Function<EngineAdapter, StagedAdapter> loader;
    private final Consumer<Arrival> arrivals;
    private final Workers loads;
    private volatile boolean closing;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<String, String> failures = new HashMap<>();
    private final Set<String> wanted = new HashSet<>();
    private final TreeSet<Integer> freeSlots = new TreeSet<>();
    private int slots;
    private long uses;
    private long loaded;

    /**
     * @param loader   reads and stages; called on platform threads of its own
     * @param arrivals told when a loader is done; called on its thread
     */
    AdapterBank(TorchModule module, TorchSettings settings, Function<EngineAdapter, StagedAdapter> loader,
            Consumer<Arrival> arrivals) {
        this.module = module;
        this.settings = settings;
        this.loader = loader;
        this.arrivals = arrivals;
        this.loads = new Workers("adapter-load", settings.adapterLoads(), Workers.BEHIND);
    }

    /** Names the sequences in line, whose adapters are not to be forgotten before their turn. */
    void waitedFor(Collection<ActiveSequence> line) {
        wanted.clear();
        for (ActiveSequence sequence : line)
            for (EngineAdapter adapter : sequence.request.adapters()) wanted.add(adapter.digest());
    }

    /**
     * Starts loading what is missing, and holds all on the device if it can. Few are loaded ahead of their turn, so that
     * the line can't fill the memory.
     *
     * @param first whether nobody waits longer
     */
    Readiness hold(List<EngineAdapter> adapters, boolean first) {
        boolean loading = false;
        long bytes = 0;
        for (EngineAdapter adapter : adapters) {
            String failure = failures.get(adapter.digest());
            if (failure != null) return new Readiness.Impossible(failure);
            Entry entry = entries.get(adapter.digest());
            if (entry == null && (first || ahead() < settings.adapterLoads())) entry = load(adapter);
            if (entry == null || entry.staged.isEmpty()) loading = true;
            else bytes += entry.bytes();
        }
        if (loading) return new Readiness.Loading();
        if (bytes > settings.adapterBytes()) return new Readiness.Impossible("adapters of " + bytes
                + " bytes exceed engine.adapter-bytes=" + settings.adapterBytes());
        List<Entry> needed = adapters.stream().map(adapter -> entries.get(adapter.digest())).toList();
        needed.forEach(entry -> entry.users++); // so that making room for one does not evict another
        for (Entry entry : needed) {
            entry.lastUsed = ++uses;
            if (entry.onDevice() || install(entry)) continue;
            release(adapters);
            return new Readiness.NoRoom();
        }
        return new Readiness.Held();
    }

    /** Adapters that are loading, or loaded and waiting for room. */
    private long ahead() {
        return entries.values().stream().filter(entry -> !entry.onDevice())
                .filter(entry -> entry.staged.isEmpty() || wanted.contains(entry.adapter.digest())).count();
    }

    void release(List<EngineAdapter> adapters) {
        for (EngineAdapter adapter : adapters) entries.get(adapter.digest()).users--;
    }

    /** The slot of an adapter that is held. */
    int slot(AdapterKey key) {
        Entry entry = entries.get(key.digest());
        if (entry == null || !entry.onDevice()) throw new IllegalStateException("not resident: " + key.digest());
        return entry.slot;
    }

    /** DoRA looks at the base's output, so in a composition it comes before what changes that. */
    boolean looksAtBase(AdapterKey key) {
        return entries.get(key.digest()).staged.orElseThrow().dora();
    }

    /** The tokens that an adapter which is held waits for; none if it applies to all. */
    List<Integer> invocation(AdapterKey key) {
        return entries.get(key.digest()).staged.orElseThrow().invocation();
    }

    /**
     * Takes in what a loader brought.
     *
     * @param line the sequences that wait for adapters
     */
    void arrived(Arrival arrival, Collection<ActiveSequence> line) {
        Entry entry = entries.get(arrival.adapter().digest());
        if (arrival.staged().isPresent()) {
            entry.staged = arrival.staged();
            loaded++;
            LOG.log(Level.INFO, "adapter loaded name=" + entry.adapter.name() + " version=" + entry.adapter.version()
                    + " digest=" + entry.adapter.digest() + " bytes=" + entry.bytes());
            trimHost();
        } else {
            entries.remove(entry.adapter.digest());
            // Where whoever's files these were has left, an upload's probe for example, the others try with their own.
            boolean awaited = line.stream().flatMap(sequence -> sequence.request.adapters().stream())
                    .anyMatch(adapter -> adapter.files() == arrival.adapter().files());
            if (awaited) failures.put(entry.adapter.digest(), arrival.failure());
        }
    }

    /** Failures are told to those who waited; whoever comes later tries again. */
    void forgetFailures() {
        failures.clear();
    }

    /** @return false while it is in use or on its way; else it is forgotten */
    boolean evict(String digest) {
        Entry entry = entries.get(digest);
        if (entry == null) return true;
        if (entry.users > 0 || entry.staged.isEmpty()) return false;
        forget(entry);
        return true;
    }

    long loaded() {
        return loaded;
    }

    List<ResidentAdapter> residents() {
        return entries.values().stream().filter(entry -> entry.staged.isPresent())
                .map(entry -> ResidentAdapter.of(entry.adapter, entry.onDevice() ? Tier.DEVICE : Tier.HOST,
                        entry.bytes(), entry.users)).toList();
    }

    private Entry load(EngineAdapter adapter) {
        loads.start(() -> {
            try {
                if (closing) throw new IllegalStateException("the engine is closing");
                arrivals.accept(new Arrival(adapter, Optional.of(loader.apply(adapter)), ""));
            } catch (RuntimeException | LinkageError | OutOfMemoryError failure) {
                LOG.log(Level.WARNING, "adapter failed digest=" + adapter.digest(), failure);
                arrivals.accept(new Arrival(adapter, Optional.empty(),
                        "adapter " + adapter.name() + " can't be loaded: " + failure.getMessage()));
            }
        });
        Entry entry = new Entry(adapter);
        entries.put(adapter.digest(), entry);
        return entry;
    }

    private boolean install(Entry entry) {
        while (bytes(true) + entry.bytes() > settings.adapterBytes()) {
            Optional<Entry> victim = idle(true);
            if (victim.isEmpty()) return false;
            leaveDevice(victim.get());
        }
        Integer free = freeSlots.pollFirst();
        entry.slot = free == null ? slots++ : free;
        entry.staged.orElseThrow().install(module, entry.slot);
        return true;
    }

    private void leaveDevice(Entry entry) {
        entry.staged.orElseThrow().remove(module, entry.slot);
        freeSlots.add(entry.slot);
        entry.slot = -1;
        trimHost();
    }

    private void trimHost() {
        Optional<Entry> oldest = idle(false);
        while (bytes(false) > settings.adapterHostBytes() && oldest.isPresent()) {
            forget(oldest.get());
            oldest = idle(false);
        }
    }

    private void forget(Entry entry) {
        if (entry.onDevice()) {
            entry.staged.orElseThrow().remove(module, entry.slot);
            freeSlots.add(entry.slot);
        }
        entry.staged.ifPresent(StagedAdapter::close);
        entries.remove(entry.adapter.digest());
    }

    private long bytes(boolean onDevice) {
        return entries.values().stream().filter(entry -> entry.onDevice() == onDevice).mapToLong(Entry::bytes).sum();
    }

    /** The one that nobody has used for longest; off the device, only one that nobody waits for. */
    private Optional<Entry> idle(boolean onDevice) {
        return entries.values().stream()
                .filter(entry -> entry.onDevice() == onDevice && entry.users == 0 && entry.staged.isPresent())
                .filter(entry -> onDevice || !wanted.contains(entry.adapter.digest()))
                .min(Comparator.comparingLong(entry -> entry.lastUsed));
    }

    /** Waits for loads in progress. What they bring reaches the {@code arrivals} consumer, whose owner closes it. */
    @Override
    public void close() {
        closing = true;
        loads.close();
        for (Entry entry : new ArrayList<>(entries.values())) entry.staged.ifPresent(StagedAdapter::close);
        entries.clear();
    }
}
