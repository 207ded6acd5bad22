package graft.scheduling;

import graft.scheduling.drafting.Speculation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** One random life of a scheduler: limits, arrivals, cancellations, allowances; checks everything after every step. */
final class PropertyWorkload {
    private static final int REQUESTS = 60;
    private static final List<List<AdapterKey>> ADAPTERS = List.of(List.of(), set("a", 1), set("a", 0.5), set("b", 1),
            set("c", 1), List.of(new AdapterKey("sha256:a", 1), new AdapterKey("sha256:b", 1)));

    private final Random random;
    private final Limits limits;
    private final Scheduler scheduler;
    private final SimulatedKv kv;
    private final Map<Long, int[]> expected = new HashMap<>();
    private final Map<Long, Sequence> sequences = new HashMap<>();
    private final Set<Long> cancelled = new HashSet<>();
    private final Set<Long> gone = new HashSet<>();
    /** How far a sequence may run ahead of what was allowed last; none in half of the lives. */
    private final int lead;
    long preemptions;
    long cachedTokens;
    long sharedSteps;
    long drafted;
    long accepted;
    long pauses;

    PropertyWorkload(long seed) {
        random = new Random(seed);
        limits = new Limits(1 + random.nextInt(40), 1 + random.nextInt(8), 4 + random.nextInt(20),
                1 + random.nextInt(3), 8 + random.nextInt(24), 1 + random.nextInt(6), 2 + random.nextInt(20));
        scheduler = new Scheduler(limits, speculation(random));
        kv = new SimulatedKv(limits);
        lead = random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(8);
    }

    private static Speculation speculation(Random random) {
        int shortest = 1 + random.nextInt(3);
        return new Speculation(Speculation.Mode.values()[random.nextInt(3)], 1 + random.nextInt(8), shortest,
                shortest + random.nextInt(5), 1 + random.nextInt(60), random.nextInt(3) * 40, 1 + random.nextInt(4),
                1 + random.nextInt(20));
    }

    static String saltOf(String tenant) {
        return "salt-" + tenant;
    }

    void run() {
        long id = 0;
        long steps = 0;
        while (id < REQUESTS || gone.size() < REQUESTS) {
            if (++steps > 200_000) throw new AssertionError("starved: " + scheduler.counts() + " " + limits);
            while (id < REQUESTS && random.nextInt(3) == 0) {
                Sequence sequence = sequence(++id);
                int allowance = lead == Integer.MAX_VALUE ? lead : random.nextInt(lead + 1);
                if (scheduler.add(sequence, allowance)) sequences.put(id, sequence);
                else gone.add(id);
            }
            if (id > 0 && random.nextInt(10) == 0) cancel(1 + random.nextInt((int) id));
            allow(id);
            Batch batch = scheduler.plan();
            check(batch);
            StepResult result = kv.run(batch);
            if (id > 0 && random.nextInt(20) == 0) cancel(1 + random.nextInt((int) id));
            accepted += result.chosen().stream().mapToInt(Chosen::accepted).sum();
            scheduler.apply(batch, result).ended().forEach(this::ended);
            scheduler.checkIntegrity();
        }
        if (gone.size() != REQUESTS) throw new AssertionError("lost " + (REQUESTS - gone.size()) + " requests");
        var counts = scheduler.counts();
        if (counts.freeBlocks() != limits.blocks()) throw new AssertionError("blocks lost: " + counts);
        preemptions = counts.preemptions();
    }

    /** As commits do: some sequence may go on, now and then, and always when nobody else could. */
    private void allow(long known) {
        if (lead == Integer.MAX_VALUE || known == 0) return;
        List<Sequence> paused = sequences.values().stream()
                .filter(sequence -> !gone.contains(sequence.id()) && !cannotFit(sequence) && sequence.paused())
                .toList();
        pauses += paused.size();
        if (paused.isEmpty() || scheduler.hasWork() && random.nextInt(3) > 0) return;
        Sequence woken = paused.get(random.nextInt(paused.size()));
        if (!scheduler.allow(woken.id(), woken.generated() + 1 + random.nextInt(lead)))
            throw new AssertionError("can't be allowed: " + woken);
        if (!scheduler.hasWork()) throw new AssertionError("does not wake: " + woken);
    }

    private void cancel(long id) {
        if (scheduler.cancel(id)) {
            if (gone.contains(id)) throw new AssertionError("cancelled after its end: " + id);
            cancelled.add(id);
        } else if (!gone.contains(id) && !cancelled.contains(id) && !cannotFit(sequences.get(id))) {
            throw new AssertionError("can't be cancelled: " + id);
        }
    }

    private void check(Batch batch) {
        var counts = scheduler.counts();
        boolean someMay = sequences.values().stream().anyMatch(sequence -> !gone.contains(sequence.id())
                && !cancelled.contains(sequence.id()) && !cannotFit(sequence) && !sequence.paused());
        if (batch.isEmpty() && counts.running() + counts.waiting() > 0 && someMay)
            throw new AssertionError("idle with work: " + counts + " " + limits);
        if (batch.tokens() > limits.tokensPerStep()) throw new AssertionError("step of " + batch.tokens());
        if (counts.running() > limits.maxRunning()) throw new AssertionError("running " + counts);
        List<List<AdapterKey>> groups = new ArrayList<>();
        Set<Long> ids = new HashSet<>();
        for (Slice slice : batch.slices()) {
            if (!ids.add(slice.sequence().id())) throw new AssertionError("twice in a step: " + slice);
            if (slice.sequence().paused()) throw new AssertionError("paused: " + slice);
            if (slice.start() != slice.sequence().computed()) throw new AssertionError("gap: " + slice);
            int certain = slice.end() - slice.draft().size();
            if (slice.samples() != (certain == slice.sequence().length())) throw new AssertionError("" + slice);
            if (slice.draft().size() >= slice.sequence().mayGenerate())
                throw new AssertionError("drafts beyond the end or the allowance: " + slice);
            drafted += slice.draft().size();
            if (groups.isEmpty() || !groups.getLast().equals(slice.sequence().adapters()))
                groups.add(slice.sequence().adapters());
        }
        if (new HashSet<>(groups).size() != groups.size()) throw new AssertionError("adapters not grouped");
        groups.remove(List.of());
        if (groups.size() > limits.maxAdaptersPerStep()) throw new AssertionError(groups.size() + " adapter sets");
        if (groups.size() > 1) sharedSteps++;
    }

    private void ended(Applied.Ended end) {
        Sequence sequence = end.sequence();
        if (!gone.add(sequence.id())) throw new AssertionError("ended twice: " + sequence);
        int[] full = expected.get(sequence.id());
        int[] tokens = sequence.tokens();
        cachedTokens += sequence.cachedPromptTokens();
        boolean complete = switch (end.reason()) {
            case STOP_TOKEN, LENGTH -> tokens.length == full.length && !cancelled.contains(sequence.id());
            case CANCELLED -> cancelled.contains(sequence.id());
            case CANNOT_FIT -> sequence.generated() == 0 && cannotFit(sequence);
            case FAILED -> false; // these workloads never say so
        };
        if (!complete) throw new AssertionError("ended " + end.reason() + " with " + sequence);
        if (!Arrays.equals(tokens, Arrays.copyOf(full, tokens.length))) throw new AssertionError("answer " + sequence);
    }

    private boolean cannotFit(Sequence sequence) {
        return sequence.maxComputed() > (long) limits.blocks() * limits.tokensPerBlock();
    }

    private Sequence sequence(long id) {
        String tenant = "tenant" + random.nextInt(3);
        List<AdapterKey> adapters = ADAPTERS.get(random.nextInt(ADAPTERS.size()));
        // Few distinct beginnings, so that prefixes meet.
        int[] prompt = new int[1 + random.nextInt(40)];
        int common = random.nextInt(prompt.length + 1);
        for (int i = 0; i < prompt.length; i++) prompt[i] = i < common ? i : random.nextInt(SimulatedKv.VOCABULARY);
        int newTokens = 1 + random.nextInt(30);
        int stopToken = random.nextBoolean() ? 3 : SimulatedKv.VOCABULARY;
        // Half of the adapters wait for a place in the prompt, or for ever.
        int[] from = new int[adapters.size()];
        for (int i = 0; i < from.length; i++) {
            if (random.nextBoolean()) from[i] = random.nextInt(4) == 0 ? Sequence.NEVER : random.nextInt(prompt.length);
        }
        expected.put(id, SimulatedKv.soloTokens(saltOf(tenant), adapters, from, prompt, newTokens, stopToken));
        return new Sequence(id, tenant, 1 + random.nextInt(3), saltOf(tenant), adapters, prompt, newTokens,
                Set.of(stopToken)).activatedFrom(from);
    }

    private static List<AdapterKey> set(String digest, double scale) {
        return List.of(new AdapterKey("sha256:" + digest, scale));
    }
}
