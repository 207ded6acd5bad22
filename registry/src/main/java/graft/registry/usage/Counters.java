package graft.registry.usage;

import java.util.ArrayList;
import java.util.List;

/** What one request has consumed so far: tokens, and searches made. */
public record Counters(long prefill, long cachedPrefill, long decode, long embedQuery, long retrieve) {
    public static final Counters NONE = new Counters(0, 0, 0, 0, 0);

    public Counters {
        if (prefill < 0 || cachedPrefill < 0 || decode < 0 || embedQuery < 0 || retrieve < 0)
            throw new IllegalArgumentException("negative counter: " + prefill + " " + cachedPrefill + " " + decode
                    + " " + embedQuery + " " + retrieve);
    }

    public Counters plus(Counters more) {
        return new Counters(prefill + more.prefill, cachedPrefill + more.cachedPrefill, decode + more.decode,
                embedQuery + more.embedQuery, retrieve + more.retrieve);
    }

    /** One line a component that was used, in a fixed order. */
    List<Line> lines(PriceBook prices, String base, String adapter) {
        List<Line> lines = new ArrayList<>();
        add(lines, Component.PREFILL, prefill, prices, base, adapter);
        add(lines, Component.CACHED_PREFILL, cachedPrefill, prices, base, adapter);
        add(lines, Component.DECODE, decode, prices, base, adapter);
        add(lines, Component.EMBED_QUERY, embedQuery, prices, base, adapter);
        add(lines, Component.RETRIEVE, retrieve, prices, base, adapter);
        return lines;
    }

    private static void add(List<Line> lines, Component component, long quantity, PriceBook prices, String base,
            String adapter) {
        if (quantity > 0) lines.add(new Line(component, quantity, prices.cost(component, base, adapter, quantity)));
    }

    /** The sum of the lines, each rounded by itself. */
    public long cost(PriceBook prices, String base, String adapter) {
        return lines(prices, base, adapter).stream().mapToLong(Line::costMicros).sum();
    }

    record Line(Component component, long quantity, long costMicros) {}
}
