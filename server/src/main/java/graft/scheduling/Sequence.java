package graft.scheduling;

import graft.scheduling.drafting.Drafter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * One prompt and its growing completion. Made by the engine, changed only by the {@link Scheduler} it was added to;
 * everything public reads. Not thread-safe: it belongs to the engine's thread.
 */
public final class Sequence {
    /** See {@link #activatedFrom}. */
    public static final int NEVER = Integer.MAX_VALUE;

    private final long id;
    private final String tenant;
    private final int weight;
    private final String salt;
    private final List<AdapterKey> adapters;
    /** Of each adapter: the first token it applies to. */
    private final int[] activeFrom;
    private final Set<Integer> stopTokens;
    private final int promptLength;
    private final int maxNewTokens;

    private int[] tokens;
    private int length;
    private int computed;
    private int cachedPromptTokens;
    private int[] blocks = new int[0];
    private int blockCount;
    private final List<BlockKey> keys = new ArrayList<>();
    private final BlockKey rootKey;
    private String flow = "";

    /** Owned by the scheduler: order of arrival, step it was last part of, and whether it was ever admitted. */
    long arrival;
    long lastStep;
    boolean admittedBefore;
    boolean cancelled;
    /** Made when the first draft is thought of. */
    Optional<Drafter> drafter = Optional.empty();
    /** How many tokens it may generate in all, by {@link Scheduler#allow}. */
    int allowance = Integer.MAX_VALUE;

    /**
     * @param tenant       whose turn it is
     * @param weight       the tenant's share of the machine relative to others, at least 1
     * @param salt         derived by the server from the tenant: only equal salts share cached blocks
     * @param adapters     none (base), one, or several that are added up
     * @param prompt       at least one token
     * @param maxNewTokens at least 1
     * @param stopTokens   ids that end the sequence
     */
    public Sequence(long id, String tenant, int weight, String salt, List<AdapterKey> adapters, int[] prompt,
            int maxNewTokens, Set<Integer> stopTokens) {
        this(id, tenant, weight, salt, adapters, new int[adapters.size()], prompt, maxNewTokens, stopTokens);
    }

    private Sequence(long id, String tenant, int weight, String salt, List<AdapterKey> adapters, int[] activeFrom,
            int[] prompt, int maxNewTokens, Set<Integer> stopTokens) {
        this.id = id;
        this.tenant = Objects.requireNonNull(tenant);
        this.weight = weight;
        this.salt = salt;
        this.adapters = List.copyOf(adapters);
        this.activeFrom = activeFrom;
        this.stopTokens = Set.copyOf(stopTokens);
        this.promptLength = prompt.length;
        this.maxNewTokens = maxNewTokens;
        if (weight < 1) throw new IllegalArgumentException("weight " + weight);
        if (prompt.length == 0) throw new IllegalArgumentException("empty prompt");
        if (maxNewTokens < 1) throw new IllegalArgumentException("maxNewTokens " + maxNewTokens);
        if (maxNewTokens > Integer.MAX_VALUE - prompt.length)
            throw new IllegalArgumentException("prompt of " + prompt.length + " + maxNewTokens " + maxNewTokens);
        tokens = prompt.clone();
        length = prompt.length;
        rootKey = BlockKey.root(salt, IntStream.range(0, activeFrom.length).filter(i -> activeFrom[i] == 0)
                .mapToObj(this.adapters::get).toList());
    }

    /** A sequence of a tenant with the usual weight. */
    public Sequence(long id, String tenant, String salt, List<AdapterKey> adapters, int[] prompt, int maxNewTokens,
            Set<Integer> stopTokens) {
        this(id, tenant, 1, salt, adapters, prompt, maxNewTokens, stopTokens);
    }

    /**
     * The same sequence, not yet added to a scheduler, whose adapters wait for their tokens (activated LoRA): what stands
     * before is computed, and found again, as if the adapter were not there.
     *
     * @param from of each adapter the first token of the prompt that it applies to; {@link #NEVER} drops it
     */
    public Sequence activatedFrom(int... from) {
        if (from.length != adapters.size()) throw new IllegalArgumentException(from.length + " for " + adapters);
        for (int first : from) {
            if (first < 0 || first >= promptLength && first != NEVER) throw new IllegalArgumentException("from " + first);
        }
        int[] kept = IntStream.range(0, from.length).filter(i -> from[i] != NEVER).toArray();
        return new Sequence(id, tenant, weight, salt, Arrays.stream(kept).mapToObj(adapters::get).toList(),
                Arrays.stream(kept).map(i -> from[i]).toArray(), Arrays.copyOf(tokens, promptLength), maxNewTokens,
                stopTokens).inFlow(flow);
    }

    /** Before it is added to a scheduler: whose turn it is among its tenant's own sequences. */
    public Sequence inFlow(String newFlow) {
        flow = Objects.requireNonNull(newFlow);
        return this;
    }

    public long id() { return id; }

    public String tenant() { return tenant; }

    /** Whose turn it is among its tenant's own; empty unless somebody says. */
    public String flow() { return flow; }

    public int weight() { return weight; }

    public List<AdapterKey> adapters() { return adapters; }

    /** The first token that {@code adapters().get(index)} applies to. */
    public int activeFrom(int index) { return activeFrom[index]; }

    public int maxNewTokens() { return maxNewTokens; }

    /** Tokens of prompt and completion so far. */
    public int length() { return length; }

    public int promptLength() { return promptLength; }

    /** Tokens whose KV is in the blocks; always less than {@link #length} while the sequence lives. */
    public int computed() { return computed; }

    public int generated() { return length - promptLength; }

    /** Most tokens that may be generated now: what is left of the answer and of its allowance. */
    public int mayGenerate() { return Math.max(0, Math.min(maxNewTokens, allowance) - generated()); }

    /** Nothing of it is computed until its allowance is raised. */
    public boolean paused() { return mayGenerate() == 0; }

    /** Tokens of the prompt that were found in the prefix cache when the sequence was first admitted. */
    public int cachedPromptTokens() { return cachedPromptTokens; }

    public int token(int index) { return tokens[Objects.checkIndex(index, length)]; }

    /** A copy of prompt and completion so far. */
    public int[] tokens() { return Arrays.copyOf(tokens, length); }

    /** A copy of the block numbers: token {@code i} lives in block {@code blockTable()[i / tokensPerBlock]}. */
    public int[] blockTable() { return Arrays.copyOf(blocks, blockCount); }

    public int block(int index) { return blocks[Objects.checkIndex(index, blockCount)]; }

    public int blockCount() { return blockCount; }

    int remaining() { return length - computed; }

    /** Most tokens whose KV it may ever need: the last token's is never computed. */
    long maxComputed() { return (long) promptLength + maxNewTokens - 1; }

    void advance(int tokensComputed) { computed += tokensComputed; }

    /** @return whether and why this token ends it */
    Optional<Applied.Reason> append(int token) {
        if (length == tokens.length) tokens = Arrays.copyOf(tokens, grown(length, promptLength + maxNewTokens));
        tokens[length++] = token;
        if (stopTokens.contains(token)) return Optional.of(Applied.Reason.STOP_TOKEN);
        if (generated() == maxNewTokens) return Optional.of(Applied.Reason.LENGTH);
        return Optional.empty();
    }

    void addBlock(int block) {
        if (blockCount == blocks.length) blocks = Arrays.copyOf(blocks, Math.max(4, blockCount * 2));
        blocks[blockCount++] = block;
    }

    /** Its last block is given back by the caller. */
    int dropBlock() {
        return blocks[--blockCount];
    }

    boolean stopsAt(int token) { return stopTokens.contains(token); }

    /** Whose answers may foretell its own: those of its tenant with its adapters. */
    Object kind() { return new Kind(salt, adapters); }

    private record Kind(String salt, List<AdapterKey> adapters) {}

    /** It begins with the KV of its first {@code tokensFound} tokens already there. */
    void startFrom(int tokensFound) {
        computed = tokensFound;
        if (!admittedBefore) cachedPromptTokens = tokensFound;
        admittedBefore = true;
    }

    /** Its blocks were given back: everything is to be computed again. */
    void forgetBlocks() {
        blockCount = 0;
        computed = 0;
    }

    /** The key of its full block {@code index}; computed once, since tokens never change. */
    BlockKey key(int index, int tokensPerBlock) {
        while (keys.size() <= index) {
            BlockKey parent = keys.isEmpty() ? rootKey : keys.getLast();
            int from = keys.size() * tokensPerBlock;
            for (int i = 0; i < activeFrom.length; i++) {
                // Whatever is behind this place differs, and where it lies may hang on tokens that come later.
                if (activeFrom[i] > 0 && activeFrom[i] >= from && activeFrom[i] < from + tokensPerBlock)
                    parent = parent.activated(adapters.get(i), activeFrom[i]);
            }
            keys.add(parent.next(tokens, from, tokensPerBlock));
        }
        return keys.get(index);
    }

    private static int grown(int size, int most) {
        return Math.min(most, Math.max(size + 16, size * 2));
    }

    @Override
    public String toString() {
        return "sequence " + id + " tenant " + tenant + " length " + length + " computed " + computed;
    }
}
