package graft.registry.usage;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One revision of the prices. The most exact item counts: component with base and adapter, then with adapter, then with
 * base, then alone; a component without an item is free.
 *
 * <p>Rounding: each line (one component of one request) costs quantity x micros_per_million / 1,000,000, rounded half
 * up to whole micros; a request costs the sum of its lines.
 *
 * @param currency ISO 4217
 */
public record PriceBook(long revision, String currency, List<Item> items) {
    private static final BigInteger MILLION = BigInteger.valueOf(1_000_000);
    private static final BigInteger HALF = BigInteger.valueOf(500_000);

    public PriceBook {
        Objects.requireNonNull(currency);
        items = List.copyOf(items);
        Map<Item, Long> seen = new HashMap<>();
        for (Item item : items) {
            Item key = new Item(item.component(), item.base(), item.adapter(), 0);
            if (seen.put(key, item.microsPerMillion()) != null)
                throw new IllegalArgumentException("two prices for " + item.component().word() + " '" + item.base()
                        + "' '" + item.adapter() + "'");
        }
    }

    /**
     * @param base             empty for any
     * @param adapter          its plain name; empty for any and for none
     * @param microsPerMillion micros for a million tokens, calls, loads or KiB-hours
     */
    public record Item(Component component, String base, String adapter, long microsPerMillion) {
        public Item {
            Objects.requireNonNull(component);
            Objects.requireNonNull(base);
            Objects.requireNonNull(adapter);
            if (microsPerMillion < 0) throw new IllegalArgumentException("price " + microsPerMillion);
        }
    }

    /** Revision 0, which prices nothing: of what is not to be paid. */
    public static PriceBook free(String currency) {
        return new PriceBook(0, currency, List.of());
    }

    /** @param adapter empty for the base itself */
    public long microsPerMillion(Component component, String base, String adapter) {
        long price = 0;
        int exactness = -1;
        for (Item item : items) {
            if (item.component() != component) continue;
            if (!item.base().isEmpty() && !item.base().equals(base)) continue;
            if (!item.adapter().isEmpty() && !item.adapter().equals(adapter)) continue;
            int exact = (item.adapter().isEmpty() ? 0 : 2) + (item.base().isEmpty() ? 0 : 1);
            if (exact > exactness) {
                exactness = exact;
                price = item.microsPerMillion();
            }
        }
        return price;
    }

    /** Micros for a quantity of a component. */
    public long cost(Component component, String base, String adapter, long quantity) {
        return cost(quantity, microsPerMillion(component, base, adapter));
    }

    static long cost(long quantity, long microsPerMillion) {
        if (quantity < 0) throw new IllegalArgumentException("quantity " + quantity);
        return BigInteger.valueOf(quantity).multiply(BigInteger.valueOf(microsPerMillion)).add(HALF).divide(MILLION)
                .longValueExact();
    }
}
