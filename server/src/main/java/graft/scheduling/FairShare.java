package graft.scheduling;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Whose turn it is: a virtual counter of tokens served a tenant, divided by the tenant's weight; the smallest goes
 * first ("Fairness in Serving Large Language Models", Sheng et al. 2024, as in S-LoRA). A tenant that comes back after
 * having nothing to do is lifted to the smallest counter of those that have, so that rest is not saved up. Within a tenant
 * its flows take turns in the same way: what a gateway says of a request can only order those of one tenant.
 *
 * <p>Rejected: first come, first served, where one tenant's thousand requests are everybody's wait. Not thread-safe.
 */
final class FairShare {
    /** Counters are in 1/SCALE tokens, so that dividing by weights loses nothing that matters. */
    private static final long SCALE = 1 << 20;

    /** Flows of one tenant that are told apart; a client names them, so their number has a bound. */
    private static final int FLOWS = 64;

    /** Least-served tenant first, within a tenant and between equals the earliest arrival. */
    final Comparator<Sequence> byService = Comparator.<Sequence>comparingLong(this::served)
            .thenComparingLong(sequence -> sequence.arrival);

    /** Least-served tenant first, within it whoever was left out of most steps. */
    final Comparator<Sequence> byTurn = Comparator.<Sequence>comparingLong(this::served)
            .thenComparingLong(sequence -> sequence.lastStep)
            .thenComparingLong(sequence -> sequence.arrival);

    private final Map<String, Tenant> tenants = new HashMap<>();
    private int waiting;

    private static final class Tenant {
        private final Map<Integer, Flow> flows = new HashMap<>();
        private long served;
        private int running;

        private boolean active() {
            return flows.values().stream().anyMatch(Flow::active);
        }

        private Flow flow(Sequence sequence) {
            return flows.computeIfAbsent(Math.floorMod(sequence.flow().hashCode(), FLOWS), number -> new Flow());
        }

        private long leastServed() {
            return flows.values().stream().filter(Flow::active).mapToLong(flow -> flow.served).min().orElse(0);
        }

        private Optional<Sequence> head() {
            return flows.values().stream().filter(flow -> flow.head().isPresent())
                    .min(Comparator.<Flow>comparingLong(flow -> flow.served)
                            .thenComparingLong(flow -> flow.head().orElseThrow().arrival)).flatMap(Flow::head);
        }
    }

    private static final class Flow {
        private final TreeSet<Sequence> line = new TreeSet<>(Comparator.comparingLong(s -> s.arrival));
        private long served;
        private int running;

        private Optional<Sequence> head() {
            for (Sequence sequence : line) if (!sequence.paused()) return Optional.of(sequence);
            return Optional.empty();
        }

        private boolean active() {
            return running > 0 || !line.isEmpty();
        }
    }

    int waiting() {
        return waiting;
    }

    /** Puts a new or preempted sequence into its flow's line, where the earliest arrival is first. */
    void enter(Sequence sequence) {
        Tenant tenant = tenants.computeIfAbsent(sequence.tenant(), name -> new Tenant());
        if (!tenant.active()) tenant.served = Math.max(tenant.served, leastServed());
        Flow flow = tenant.flow(sequence);
        if (!flow.active()) flow.served = Math.max(flow.served, tenant.leastServed());
        flow.line.add(sequence);
        waiting++;
    }

    /** @return the sequence that is to be admitted next; never a paused one */
    Optional<Sequence> head() {
        return tenants.values().stream().flatMap(tenant -> tenant.head().stream()).min(byService);
    }

    /** The sequence left the line for the batch. */
    void start(Sequence sequence) {
        leaveLine(sequence);
        Tenant tenant = tenant(sequence);
        tenant.running++;
        tenant.flow(sequence).running++;
    }

    /** The sequence left the batch, ended or preempted (then {@link #enter} follows). */
    void stop(Sequence sequence) {
        Tenant tenant = tenant(sequence);
        tenant.running--;
        tenant.flow(sequence).running--;
    }

    void leaveLine(Sequence sequence) {
        if (!tenant(sequence).flow(sequence).line.remove(sequence)) throw new IllegalStateException("not waiting: " + sequence);
        waiting--;
    }

    void charge(Sequence sequence, int tokens) {
        Tenant tenant = tenant(sequence);
        tenant.served += tokens * SCALE / sequence.weight();
        tenant.flow(sequence).served += tokens * SCALE;
    }

    long served(Sequence sequence) {
        return tenant(sequence).served;
    }

    /** Forgets tenants that have nothing to do and no debt either. */
    void forgetIdle() {
        boolean anyActive = tenants.values().stream().anyMatch(Tenant::active);
        long least = leastServed();
        tenants.values().removeIf(tenant -> !tenant.active() && (!anyActive || tenant.served <= least));
    }

    private long leastServed() {
        return tenants.values().stream().filter(Tenant::active).mapToLong(tenant -> tenant.served).min().orElse(0);
    }

    private Tenant tenant(Sequence sequence) {
        Tenant tenant = tenants.get(sequence.tenant());
        if (tenant == null) throw new IllegalStateException("unknown tenant of " + sequence);
        return tenant;
    }

    void checkIntegrity(Iterable<Sequence> running) {
        Map<String, Integer> expected = new HashMap<>();
        for (Sequence sequence : running) expected.merge(sequence.tenant(), 1, Integer::sum);
        int inLines = 0;
        for (var entry : tenants.entrySet()) {
            Tenant tenant = entry.getValue();
            inLines += tenant.flows.values().stream().mapToInt(flow -> flow.line.size()).sum();
            if (tenant.running != expected.getOrDefault(entry.getKey(), 0))
                throw new IllegalStateException("tenant " + entry.getKey() + " runs " + tenant.running);
            tenant.flows.values().stream().flatMap(flow -> flow.line.stream()).filter(one -> one.blockCount() > 0)
                    .forEach(one -> { throw new IllegalStateException("waits with blocks: " + one); });
        }
        if (inLines != waiting) throw new IllegalStateException("waiting " + waiting + " but in lines " + inLines);
    }
}
