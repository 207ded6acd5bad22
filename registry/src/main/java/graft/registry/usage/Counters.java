package graft.registry.usage;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What one request has consumed so far, by component; what is absent is nothing.
 *
 * @param amounts tokens, searches, loads or KiB-hours; never negative
 */
public record Counters(Map<Component, Long> amounts) {
    public static final Counters NONE = new Counters(Map.of());

    public Counters {
        EnumMap<Component, Long> used = new EnumMap<>(Component.class);
        amounts.forEach((component, amount) -> {
            if (amount < 0) throw new IllegalArgumentException("negative " + component.word() + ": " + amount);
            if (amount > 0) used.put(component, amount);
        });
        amounts = Collections.unmodifiableMap(used);
    }

    /** What an answer consumes. */
    public Counters(long prefill, long cachedPrefill, long decode, long embedQuery, long retrieve) {
        this(Map.of(Component.PREFILL, prefill, Component.CACHED_PREFILL, cachedPrefill, Component.DECODE, decode,
                Component.EMBED_QUERY, embedQuery, Component.RETRIEVE, retrieve));
    }

    public static Counters of(Component component, long amount) {
        return new Counters(Map.of(component, amount));
    }

    public long of(Component component) {
        return amounts.getOrDefault(component, 0L);
    }

    public long prefill() {
        return of(Component.PREFILL);
    }

    public long cachedPrefill() {
        return of(Component.CACHED_PREFILL);
    }

    public long decode() {
        return of(Component.DECODE);
    }

    public long embedQuery() {
        return of(Component.EMBED_QUERY);
    }

    public long retrieve() {
        return of(Component.RETRIEVE);
    }

    /** Of prompt and answer, as tokens a minute are counted. */
    public long tokens() {
        return prefill() + cachedPrefill() + decode();
    }

    public Counters plus(Counters more) {
        Map<Component, Long> sum = new EnumMap<>(Component.class);
        sum.putAll(amounts);
        more.amounts.forEach((component, amount) -> sum.merge(component, amount, Math::addExact));
        return new Counters(sum);
    }

    /** One line a component that was used, in the order of the components. */
    List<Line> lines(PriceBook prices, String base, String adapter) {
        List<Line> lines = new ArrayList<>();
        amounts.forEach((component, amount) ->
                lines.add(new Line(component, amount, prices.cost(component, base, adapter, amount))));
        return lines;
    }

    /** The sum of the lines, each rounded by itself. */
    public long cost(PriceBook prices, String base, String adapter) {
        return lines(prices, base, adapter).stream().mapToLong(Line::costMicros).sum();
    }

    record Line(Component component, long quantity, long costMicros) {}
}
