package graft.engine;

import java.util.Map;

/**
 * Whose an engine's wall clock was since it started, in microseconds. The parts only grow and add up to the wall clock
 * to the microsecond.
 *
 * @param tenants busy time by tenant, as each step was split over its sequences
 * @param idle    without work
 * @param other   busy for nobody in particular
 */
public record EngineTime(Map<String, Long> tenants, long idle, long other) {
    /** How the accounts begin that the server asks under itself, to try an adapter: they are no tenant's. */
    public static final String PROBE = "probe_";

    public EngineTime {
        tenants = Map.copyOf(tenants);
    }

    public long wall() {
        return tenants.values().stream().mapToLong(Long::longValue).sum() + idle + other;
    }
}
