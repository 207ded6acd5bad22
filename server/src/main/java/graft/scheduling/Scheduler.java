package graft.scheduling;

import graft.scheduling.Applied.Counts;
import graft.scheduling.Applied.Ended;
import graft.scheduling.Applied.Reason;
import graft.scheduling.drafting.Speculation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Decides what each step computes. The engine's loop is
 * {@code while (scheduler.hasWork()) { batch = plan(); result = run(batch); apply(batch, result); }}; {@link #apply}
 * also follows an empty batch (with {@link StepResult#NONE}), since it reports what was cancelled.
 *
 * <p>A sequence is admitted only when free blocks hold all its tokens, and only a sequence that is about to choose a
 * new token takes blocks from others: so every preemption is paid for by a token that nobody will have to compute
 * again as new, and a run of preemptions can't go on for ever. The line's head never lets others past it for want of
 * blocks.
 *
 * <p>A sequence that has generated all that it is allowed to is paused: it keeps its blocks and is left out of steps
 * and of the line until {@link #allow} raises its allowance. Where all that run are paused, they give way to the line,
 * so a step is empty only if everything alive is paused. Not thread-safe: it belongs to the engine's thread.
 */
public final class Scheduler {
    private final Limits limits;
    private final BlockPool pool;
    private final FairShare shares = new FairShare();
    private final Drafting drafting;
    private final Map<Long, Sequence> alive = new HashMap<>();
    private final LinkedHashSet<Sequence> running = new LinkedHashSet<>();
    private final List<Ended> ended = new ArrayList<>();
    private Optional<Batch> planned = Optional.empty();
    private long step;
    private long arrivals;
    private long preemptions;

    /** One that never computes ahead. */
    public Scheduler(Limits limits) {
        this(limits, Speculation.OFF);
    }

    public Scheduler(Limits limits, Speculation speculation) {
        this.limits = limits;
        this.drafting = new Drafting(speculation);
        this.pool = new BlockPool(limits.blocks());
    }

    /**
     * Puts a new sequence into the waiting line. One that is too large for the whole pool is taken too, and ends with
     * {@link Reason#CANNOT_FIT} at the next {@link #apply}.
     *
     * @param allowance how many tokens it may generate until {@link #allow} says more
     * @return false if the line is full; nothing was kept
     */
    public boolean add(Sequence sequence, int allowance) {
        if (alive.containsKey(sequence.id())) throw new IllegalArgumentException("known already: " + sequence);
        if (shares.waiting() >= limits.maxWaiting()) return false;
        sequence.arrival = ++arrivals;
        sequence.allowance = allowance;
        if (sequence.maxComputed() > (long) limits.blocks() * limits.tokensPerBlock()) {
            ended.add(new Ended(sequence, Reason.CANNOT_FIT));
            return true;
        }
        alive.put(sequence.id(), sequence);
        shares.enter(sequence);
        return true;
    }

    /** As {@link #add(Sequence, int)}, for a sequence that is never paused. */
    public boolean add(Sequence sequence) {
        return add(sequence, Integer.MAX_VALUE);
    }

    /**
     * Lets a sequence generate so many tokens in all; an allowance only grows.
     *
     * @return false if no such sequence is alive
     */
    public boolean allow(long id, int tokens) {
        Sequence sequence = alive.get(id);
        if (sequence == null) return false;
        sequence.allowance = Math.max(sequence.allowance, tokens);
        return true;
    }

    /**
     * Ends a sequence at the next {@link #plan} or {@link #apply}, whichever comes first.
     *
     * @return false if no such sequence is alive
     */
    public boolean cancel(long id) {
        Sequence sequence = alive.get(id);
        if (sequence == null) return false;
        sequence.cancelled = true;
        return true;
    }

    /** Whether a {@link #plan} or {@link #apply} would do anything: not while all that are alive are paused. */
    public boolean hasWork() {
        return !ended.isEmpty()
                || alive.values().stream().anyMatch(sequence -> sequence.cancelled || !sequence.paused());
    }

    /** @return what to compute next; empty if all that are alive are paused */
    public Batch plan() {
        if (planned.isPresent()) throw new IllegalStateException("step " + step + " was planned and not applied");
        step++;
        endCancelled();
        shares.forgetIdle();
        admit();
        // Whoever is paused is not left out by others, and is not overdue when it wakes.
        running.stream().filter(Sequence::paused).forEach(sequence -> sequence.lastStep = step);
        Map<Sequence, Integer> chosen = choose();
        // All of the chosen adapter sets may have given way for want of blocks; then it is the other sets' turn.
        while (chosen.isEmpty() && !allPaused()) chosen = choose();
        Batch batch = new Batch(step, byAdapters(chosen, drafts(chosen)));
        for (Slice slice : batch.slices()) slice.sequence().lastStep = step;
        planned = Optional.of(batch);
        return batch;
    }

    /**
     * Takes in what the step computed.
     *
     * @param batch the last one planned
     * @throws IllegalArgumentException if the result is not one answer to each slice that samples
     */
    public Applied apply(Batch batch, StepResult result) {
        if (planned.isEmpty() || planned.get() != batch) throw new IllegalArgumentException("not the planned batch");
        Map<Long, Chosen> answers = chosen(batch, result);
        planned = Optional.empty();
        for (Slice slice : batch.slices()) {
            Sequence sequence = slice.sequence();
            if (result.failed().contains(sequence.id())) {
                end(sequence, Reason.FAILED);
                continue;
            }
            if (slice.samples() && !sequence.cancelled) append(slice, answers.get(sequence.id()));
            else publish(sequence, slice.certain());
        }
        endCancelled();
        List<Ended> gone = List.copyOf(ended);
        ended.clear();
        return new Applied(gone, counts());
    }

    public Counts counts() {
        return new Counts(running.size(), shares.waiting(), preemptions, pool.free(), pool.cached());
    }

    /** Throws IllegalStateException if a block is lost, shared wrongly, or a sequence is in two places or none. */
    public void checkIntegrity() {
        int[] uses = new int[limits.blocks()];
        for (Sequence sequence : running) {
            if (alive.get(sequence.id()) != sequence) throw new IllegalStateException("runs but is dead: " + sequence);
            if (sequence.computed() >= sequence.length()) throw new IllegalStateException("overtook: " + sequence);
            if (sequence.paused() && sequence.remaining() != 1)
                throw new IllegalStateException("half paused: " + sequence);
            if (sequence.blockCount() < limits.blocksFor(sequence.computed()))
                throw new IllegalStateException("lacks blocks: " + sequence);
            for (int block : sequence.blockTable()) uses[block]++;
        }
        pool.checkIntegrity(uses);
        shares.checkIntegrity(running);
        if (alive.size() != running.size() + shares.waiting())
            throw new IllegalStateException(alive.size() + " alive, " + counts());
    }

    /** Tokens that came true of a draft are there with their KV; of the rest nothing stays, not even a block. */
    private void append(Slice slice, Chosen chosen) {
        Sequence sequence = slice.sequence();
        drafting.verified(slice, chosen.accepted());
        Optional<Reason> end = Optional.empty();
        // Drafts hold no stop token and leave room for one more, so only the last can be the end.
        for (int token : chosen.tokens()) end = sequence.append(token);
        publish(sequence, slice.certain() + chosen.accepted());
        while (sequence.blockCount() > limits.blocksFor(sequence.computed())) pool.giveBack(sequence.dropBlock());
        shares.charge(sequence, chosen.tokens().size());
        end.ifPresent(reason -> end(sequence, reason));
    }

    private void endCancelled() {
        List<Sequence> cancelled = alive.values().stream().filter(sequence -> sequence.cancelled)
                .sorted(Comparator.comparingLong(sequence -> sequence.arrival)).toList();
        cancelled.forEach(sequence -> end(sequence, Reason.CANCELLED));
    }

    private void end(Sequence sequence, Reason reason) {
        if (running.contains(sequence)) stop(sequence);
        else shares.leaveLine(sequence);
        if (reason == Reason.STOP_TOKEN || reason == Reason.LENGTH) drafting.ended(sequence);
        alive.remove(sequence.id());
        ended.add(new Ended(sequence, reason));
    }

    /** Takes a sequence out of the batch; its last blocks are given back first, so prefixes stay cached longest. */
    private void stop(Sequence sequence) {
        running.remove(sequence);
        shares.stop(sequence);
        for (int i = sequence.blockCount() - 1; i >= 0; i--) pool.giveBack(sequence.block(i));
        sequence.forgetBlocks();
    }

    /** Admits from the line while there is room and running prompts leave a step's budget unused. */
    private void admit() {
        int backlog = running.stream().mapToInt(Sequence::remaining).filter(remaining -> remaining > 1).sum();
        while (backlog < limits.tokensPerStep()) {
            Optional<Sequence> head = shares.head();
            if (head.isEmpty()) return;
            Sequence sequence = head.get();
            while (running.size() >= limits.maxRunning() || !takeBlocks(sequence)) {
                if (running.isEmpty() || !allPaused()) return;
                preempt(running.stream().max(shares.byService).orElseThrow());
            }
            shares.start(sequence);
            running.add(sequence);
            sequence.lastStep = step - 1;
            backlog += sequence.remaining();
        }
    }

    private boolean allPaused() {
        return running.stream().allMatch(Sequence::paused);
    }

    private void preempt(Sequence victim) {
        stop(victim);
        shares.enter(victim);
        preemptions++;
    }

    /** Gives a waiting sequence blocks for all its tokens, cached ones where they are found; or none at all. */
    private boolean takeBlocks(Sequence sequence) {
        int perBlock = limits.tokensPerBlock();
        // The last token is always computed: its logits choose the next one.
        int findable = (sequence.length() - 1) / perBlock;
        List<Integer> found = new ArrayList<>();
        while (found.size() < findable) {
            OptionalInt block = pool.find(sequence.key(found.size(), perBlock));
            if (block.isEmpty()) break;
            found.add(block.getAsInt());
        }
        int revived = (int) found.stream().filter(block -> !pool.inUse(block)).count();
        int fresh = limits.blocksFor(sequence.length()) - found.size();
        // One block for each that runs: without this, an admission would be preempted by their next tokens.
        if (revived + fresh + running.size() > pool.free()) return false;
        boolean first = !sequence.admittedBefore;
        for (int block : found) {
            pool.share(block);
            sequence.addBlock(block);
        }
        for (int i = 0; i < fresh; i++) sequence.addBlock(pool.take());
        sequence.startFrom(found.size() * perBlock);
        // A preempted sequence was charged before; computing it again is no service to its tenant.
        if (first) shares.charge(sequence, sequence.remaining());
        return true;
    }

    /** @return slice lengths by sequence, within the limits on tokens and adapter sets */
    private Map<Sequence, Integer> choose() {
        List<Sequence> order = inOrder();
        Map<Sequence, Integer> chosen = new LinkedHashMap<>();
        int budget = limits.tokensPerStep();
        for (Sequence sequence : order) {
            // Preempted meanwhile, by a sequence before it.
            if (budget == 0 || !running.contains(sequence)) continue;
            if (sequence.remaining() == 1) budget += makeRoom(sequence, chosen);
            if (!running.contains(sequence)) continue;
            int length = Math.min(sequence.remaining(), budget);
            chosen.put(sequence, length);
            budget -= length;
        }
        return chosen;
    }

    /** Those of this step's adapter sets: the overdue first, then those that lack one token, then prompts. */
    private List<Sequence> inOrder() {
        Comparator<Sequence> turn = Comparator.<Sequence, Boolean>comparing(sequence -> !overdue(sequence))
                .thenComparing(shares.byTurn);
        List<Sequence> byTurn = running.stream().filter(sequence -> !sequence.paused()).sorted(turn).toList();
        Set<List<AdapterKey>> sets = new LinkedHashSet<>();
        for (Sequence sequence : byTurn) {
            if (!sequence.adapters().isEmpty() && sets.size() < limits.maxAdaptersPerStep())
                sets.add(sequence.adapters());
        }
        return byTurn.stream().filter(sequence -> sequence.adapters().isEmpty() || sets.contains(sequence.adapters()))
                .sorted(Comparator.comparingInt(sequence -> overdue(sequence) ? 0 : sequence.remaining() == 1 ? 1 : 2))
                .toList();
    }

    private boolean overdue(Sequence sequence) {
        return step - sequence.lastStep >= limits.patienceSteps();
    }

    /**
     * Sees that the sequence has a block for its next token, by preempting if it must: whoever is paused, then the latest
     * arrival of the most-served tenant, which may be the sequence itself.
     *
     * @return tokens that preempted sequences had been given in this step
     */
    private int makeRoom(Sequence sequence, Map<Sequence, Integer> chosen) {
        int returned = 0;
        while (limits.blocksFor(sequence.length()) > sequence.blockCount()) {
            if (pool.free() > 0) {
                sequence.addBlock(pool.take());
                continue;
            }
            Sequence victim = running.stream().max(Comparator.comparing(Sequence::paused)
                    .thenComparing(shares.byService)).orElseThrow();
            Integer given = chosen.remove(victim);
            if (given != null) returned += given;
            preempt(victim);
            if (victim == sequence) break;
        }
        return returned;
    }

    /** What may be computed ahead with the tokens and blocks that are left; nobody is preempted for it. */
    private Map<Sequence, List<Integer>> drafts(Map<Sequence, Integer> chosen) {
        int left = limits.tokensPerStep() - chosen.values().stream().mapToInt(Integer::intValue).sum();
        return drafting.drafts(chosen, left, (sequence, tokens) -> {
            // One block for each that runs is left, as at admission.
            while (limits.blocksFor(tokens) > sequence.blockCount()) {
                if (pool.free() <= running.size()) return false;
                sequence.addBlock(pool.take());
            }
            return true;
        });
    }

    private static List<Slice> byAdapters(Map<Sequence, Integer> chosen, Map<Sequence, List<Integer>> drafts) {
        Map<List<AdapterKey>, List<Slice>> groups = new LinkedHashMap<>();
        groups.put(List.of(), new ArrayList<>());
        chosen.forEach((sequence, length) -> {
            List<Integer> draft = drafts.getOrDefault(sequence, List.of());
            groups.computeIfAbsent(sequence.adapters(), adapters -> new ArrayList<>()).add(new Slice(sequence,
                    sequence.computed(), length + draft.size(), length == sequence.remaining(), draft));
        });
        return groups.values().stream().flatMap(List::stream).toList();
    }

    /** Counts tokens as computed and makes the blocks they filled findable. */
    private void publish(Sequence sequence, int tokens) {
        int perBlock = limits.tokensPerBlock();
        int firstFilled = sequence.computed() / perBlock;
        sequence.advance(tokens);
        for (int i = firstFilled; i < sequence.computed() / perBlock; i++)
            pool.publish(sequence.block(i), sequence.key(i, perBlock));
    }

    private static Map<Long, Chosen> chosen(Batch batch, StepResult result) {
        Map<Long, Chosen> answers = new HashMap<>();
        for (Chosen chosen : result.chosen()) {
            if (answers.put(chosen.sequenceId(), chosen) != null)
                throw new IllegalArgumentException("two answers for sequence " + chosen.sequenceId());
        }
        List<Slice> expected = batch.slices().stream().filter(Slice::samples)
                .filter(slice -> !result.failed().contains(slice.sequence().id())).toList();
        for (Slice slice : expected) {
            Chosen chosen = answers.get(slice.sequence().id());
            if (chosen == null || !chosen.fits(slice)) throw new IllegalArgumentException(chosen + " for " + slice);
        }
        if (answers.size() != expected.size())
            throw new IllegalArgumentException(answers.size() + " answers to " + expected.size() + " slices that sample");
        return answers;
    }
}
