package graft.api;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Whether the server should get requests. It is ready when every check holds and it is not draining; it is alive as
 * long as it answers at all, because a restart costs a model load and cures nothing that the engine's own restart does
 * not. Any thread may call; checks run on the asking probe's thread and may wait.
 */
public final class Health {
    private final List<Check> checks;
    private volatile boolean draining;

    /** @param holds may wait for what it asks, and must not throw */
    public record Check(String name, BooleanSupplier holds) {}

    public Health(List<Check> checks) {
        this.checks = List.copyOf(checks);
    }

    /** From now on not ready: whoever balances load sends requests elsewhere. */
    public void drain() {
        draining = true;
    }

    boolean isDraining() {
        return draining;
    }

    Report ready() {
        List<Part> parts = new ArrayList<>();
        for (Check check : checks) parts.add(new Part(check.name(), word(check.holds().getAsBoolean())));
        if (draining) parts.add(new Part("draining", word(false)));
        return new Report(word(parts.stream().allMatch(part -> part.status().equals("up"))), parts);
    }

    private static String word(boolean up) {
        return up ? "up" : "down";
    }

    /** @param status {@code up} or {@code down} */
    record Report(String status, List<Part> checks) {
        static final Report UP = new Report("up", List.of());

        boolean isUp() {
            return status.equals("up");
        }
    }

    record Part(String name, String status) {}
}
