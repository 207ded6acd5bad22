package graft.registry.costs;

import java.math.BigInteger;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * One revision of what the installation itself pays. The item of a named device counts before the one of any.
 *
 * @param currency ISO 4217
 */
public record CostBook(long revision, String currency, List<Item> items) {
    private static final BigInteger HOUR_MICROS = BigInteger.valueOf(3_600_000_000L);

    public CostBook {
        Objects.requireNonNull(currency);
        items = List.copyOf(items);
        Set<String> seen = new HashSet<>();
        for (Item item : items) {
            if (!seen.add(item.resource() + " " + item.device()))
                throw new IllegalArgumentException("two costs of " + item.resource().word() + " '" + item.device()
                        + "'");
        }
    }

    /** What costs money by the hour. */
    public enum Resource {
        /** A device that serves, used or not. */
        DEVICE_HOUR,
        /** A GiB of adapters, files and stores. */
        STORAGE_GIB_HOUR;

        public String word() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        public static Optional<Resource> of(String word) {
            for (Resource resource : values()) if (resource.word().equals(word)) return Optional.of(resource);
            return Optional.empty();
        }
    }

    /** @param device as {@code GET /admin/v1/engine} names it; empty for any, and for storage */
    public record Item(Resource resource, String device, long micros) {
        public Item {
            Objects.requireNonNull(resource);
            Objects.requireNonNull(device);
            if (micros < 0) throw new IllegalArgumentException("cost " + micros);
        }
    }

    /** Micros of an hour of it; none if the book does not say. */
    public Optional<Long> hourly(Resource resource, String device) {
        Optional<Long> any = Optional.empty();
        for (Item item : items) {
            if (item.resource() != resource) continue;
            if (item.device().equals(device)) return Optional.of(item.micros());
            if (item.device().isEmpty()) any = Optional.of(item.micros());
        }
        return any;
    }

    /** Micros of money for microseconds of a device, rounded half up; 0 if the book does not say. */
    public long ofTime(String device, long micros) {
        long hourly = hourly(Resource.DEVICE_HOUR, device).orElse(0L);
        return BigInteger.valueOf(micros).multiply(BigInteger.valueOf(hourly)).add(HOUR_MICROS.shiftRight(1))
                .divide(HOUR_MICROS).longValueExact();
    }

    /** Micros of money for KiB-hours stored, rounded half up. */
    public long ofStorage(long kibHours) {
        long hourly = hourly(Resource.STORAGE_GIB_HOUR, "").orElse(0L);
        return BigInteger.valueOf(kibHours).multiply(BigInteger.valueOf(hourly)).add(BigInteger.ONE.shiftLeft(19))
                .shiftRight(20).longValueExact();
    }
}
