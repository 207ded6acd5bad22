package graft.scheduling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * One prompt and its growing completion. Made by the engine, changed only by the {@link Scheduler} it was added to;
 * everything public reads. Not thread-safe: it belongs to the engine's thread.
 */
public final class Sequence {
    private final long id;
    private final String tenant;
    private final int weight;
    private final List<AdapterKey> adapters;
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

    /** Owned by the scheduler: order of arrival, step it was last part of, and whether it was ever admitted. */
    long arrival;
    long lastStep;
    boolean admittedBefore;
    boolean cancelled;

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
        this.id = id;
        this.tenant = Objects.requireNonNull(tenant);
        this.weight = weight;
        this.adapters = List.copyOf(adapters);
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
        rootKey = BlockKey.root(salt, this.adapters);
    }

    /** A sequence of a tenant with the usual weight. */
    public Sequence(long id, String tenant, String salt, List<AdapterKey> adapters, int[] prompt, int maxNewTokens,
            Set<Integer> stopTokens) {
        this(id, tenant, 1, salt, adapters, prompt, maxNewTokens, stopTokens);
    }

    public long id() { return id; }

    public String tenant() { return tenant; }

    public int weight() { return weight; }

    public List<AdapterKey> adapters() { return adapters; }

    public int maxNewTokens() { return maxNewTokens; }

    /** Tokens of prompt and completion so far. */
    public int length() { return length; }

    public int promptLength() { return promptLength; }

    /** Tokens whose KV is in the blocks; always less than {@link #length} while the sequence lives. */
    public int computed() { return computed; }

    public int generated() { return length - promptLength; }

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
            keys.add(parent.next(tokens, keys.size() * tokensPerBlock, tokensPerBlock));
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
