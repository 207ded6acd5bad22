package graft.admission;

import graft.registry.catalog.CatalogDao;
import graft.registry.catalog.CatalogDao.Pointed;
import graft.registry.catalog.CatalogDao.Usable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongUnaryOperator;

/**
 * Names to weights, by the rules of CONTRACT.md. What a name points at is remembered for a short while; a change made
 * on this server is seen by the next request, because {@link #changed} ends every memory made before it. A look-up
 * that was under way during a change answers and is not remembered. Any thread may call.
 */
public final class Catalog implements CatalogView {
    private static final int MOST_REMEMBERED = 10_000;
    private final CatalogDao dao;
    private final Map<String, Base> bases = new LinkedHashMap<>();
    private final long memoryNanos;
    private final LongUnaryOperator dice;
    private final Map<Asked, Remembered> memory = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Asked, Remembered> eldest) {
            return size() > MOST_REMEMBERED;
        }
    };
    private long changes;

    /** A base model that is served. */
    public record Base(String id, String digest, Instant since) {}

    private record Asked(String tenantId, ModelName name) {}

    private record Remembered(List<Pointed> pointed, long change, long nanos) {}

    /** @param memory how long an answer may be older than a change made on another server */
    public Catalog(CatalogDao dao, List<Base> bases, Duration memory) {
        this(dao, bases, memory, bound -> ThreadLocalRandom.current().nextLong(bound));
    }

    /** @param dice draws a number from 0 to below its argument: decides splits that are not sticky */
    Catalog(CatalogDao dao, List<Base> bases, Duration memory, LongUnaryOperator dice) {
        this.dao = dao;
        bases.forEach(base -> this.bases.put(base.id(), base));
        this.memoryNanos = memory.toNanos();
        this.dice = dice;
    }

    /** Whether a name is a base's or differs from one only in case, which people would mix up. */
    public boolean isLikeBase(String name) {
        return bases.keySet().stream().anyMatch(name::equalsIgnoreCase);
    }

    /** Something about adapters was changed and committed, here or elsewhere. */
    public void changed() {
        synchronized (memory) {
            changes++;
            memory.clear();
        }
    }

    @Override
    public Optional<ResolvedModel> resolve(Caller caller, String model, Optional<String> sticky) {
        if (bases.containsKey(model))
            return Optional.of(new ResolvedModel(model, model, Optional.empty()))
                    .filter(_ -> caller.mayUseModel(model));
        return ModelName.parse(model).flatMap(name -> draw(pointed(caller.tenantId(), name), sum ->
                sticky.map(key -> StickySplit.place(caller.tenantId(), name, key, sum))
                        .orElseGet(() -> dice.applyAsLong(sum)))
                .filter(pointed -> bases.containsKey(pointed.base()))
                .map(pointed -> resolved(caller, name, pointed))
                .filter(resolved -> caller.mayUseModel(model, resolved.name(), plain(resolved.name()))));
    }

    /** Without version or alias. */
    private static String plain(String name) {
        return name.indexOf('@') < 0 ? name : name.substring(0, name.indexOf('@'));
    }

    private static ResolvedModel resolved(Caller caller, ModelName name, Pointed pointed) {
        String owner = name.owner().filter(asked -> !asked.equals(caller.tenantId())).map(o -> o + "/").orElse("");
        Optional<ResolvedModel.Shadow> shadow = pointed.shadow()
                .filter(candidate -> candidate.version() != pointed.version())
                .map(candidate -> new ResolvedModel.Shadow(adapter(pointed, candidate.version(), candidate.digest()),
                        name.alias().orElseThrow(), candidate.fraction()));
        return new ResolvedModel(owner + pointed.adapter() + "@" + pointed.version(), pointed.base(),
                Optional.of(adapter(pointed, pointed.version(), pointed.digest())), shadow);
    }

    private static ResolvedModel.Adapter adapter(Pointed pointed, int version, String digest) {
        return new ResolvedModel.Adapter(pointed.adapter(), pointed.ownerTenantId(), version, digest,
                pointed.promptFormat(), !pointed.instruction().equals(Optional.of("none")));
    }

    private List<Pointed> pointed(String tenantId, ModelName name) {
        Asked asked = new Asked(tenantId, name);
        long change;
        synchronized (memory) {
            Remembered remembered = memory.get(asked);
            if (remembered != null && System.nanoTime() - remembered.nanos() < memoryNanos) return remembered.pointed();
            change = changes;
        }
        long nanos = System.nanoTime();
        List<Pointed> pointed = name.version().isPresent()
                ? dao.byVersion(tenantId, name.owner(), name.adapter(), name.version().get()).stream().toList()
                : dao.byAlias(tenantId, name.owner(), name.adapter(), name.alias().orElseThrow());
        synchronized (memory) {
            if (change == changes) memory.put(asked, new Remembered(pointed, change, nanos));
        }
        return pointed;
    }

    /** One of an alias's targets, each as often as its weight says. */
    private static Optional<Pointed> draw(List<Pointed> targets, LongUnaryOperator place) {
        if (targets.size() < 2) return targets.stream().findFirst();
        long drawn = place.applyAsLong(targets.stream().mapToLong(Pointed::weight).sum());
        for (Pointed target : targets) {
            drawn -= target.weight();
            if (drawn < 0) return Optional.of(target);
        }
        throw new IllegalStateException("drew past the weights of " + targets);
    }

    @Override
    public List<Listed> list(Caller caller) {
        List<Usable> usable = dao.usable(caller.tenantId()).stream()
                .filter(alias -> bases.containsKey(alias.base())).toList();
        List<Listed> all = new ArrayList<>();
        bases.values().forEach(base -> all.add(new Listed(base.id(), "base", base.id(), Optional.empty(),
                base.digest(), base.since().getEpochSecond(), "graft")));
        List<Listed> adapters = new ArrayList<>();
        List<Listed> aliases = new ArrayList<>();
        for (Usable alias : usable) {
            String name = alias.plain() ? alias.adapter() : alias.ownerTenantId() + "/" + alias.adapter();
            if (alias.alias().equals(ModelName.PRODUCTION)) adapters.add(listed(name, "adapter", alias));
            aliases.add(listed(name + "@" + alias.alias(), "alias", alias));
        }
        adapters.sort(Comparator.comparing(Listed::id));
        aliases.sort(Comparator.comparing(Listed::id));
        all.addAll(adapters);
        all.addAll(aliases);
        all.removeIf(one -> !caller.mayUseModel(one.id(), plain(one.id())));
        return all;
    }

    private static Listed listed(String id, String kind, Usable alias) {
        return new Listed(id, kind, alias.base(), Optional.of(alias.version()), alias.digest(),
                alias.createdAt().getEpochSecond(), alias.ownerTenantId());
    }
}
