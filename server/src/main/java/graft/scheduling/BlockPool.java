package graft.scheduling;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The KV blocks of one device: counts who uses each and finds computed ones again by key.
 *
 * <p>A block is in exactly one state: in use (count &gt; 0), cached (count 0, findable) or empty (count 0, no key).
 * Empty blocks are taken first, then the cached one that was given back longest ago, which is forgotten. Not
 * thread-safe.
 */
final class BlockPool {
    private final int[] uses;
    private final BlockKey[] keys;
    private final Map<BlockKey, Integer> findable = new HashMap<>();
    private final ArrayDeque<Integer> empty = new ArrayDeque<>();
    /** Longest unused first. */
    private final LinkedHashSet<Integer> cached = new LinkedHashSet<>();

    BlockPool(int blocks) {
        uses = new int[blocks];
        keys = new BlockKey[blocks];
        for (int block = 0; block < blocks; block++) empty.add(block);
    }

    int total() {
        return uses.length;
    }

    /** Blocks nobody uses, cached ones included. */
    int free() {
        return empty.size() + cached.size();
    }

    int cached() {
        return cached.size();
    }

    boolean inUse(int block) {
        return uses[block] > 0;
    }

    /** Takes a block for new content. There must be a free one. */
    int take() {
        Integer block = empty.poll();
        if (block == null) {
            block = cached.removeFirst();
            findable.remove(keys[block]);
            keys[block] = null;
        }
        uses[block] = 1;
        return block;
    }

    /** The block that holds this content, whether in use or cached; {@link #share} makes it one's own. */
    OptionalInt find(BlockKey key) {
        Integer block = findable.get(key);
        return block == null ? OptionalInt.empty() : OptionalInt.of(block);
    }

    /** Uses a found block along with whoever uses it already. */
    void share(int block) {
        if (uses[block]++ == 0) cached.remove(block);
    }

    /** One user less. A findable block stays findable until it is taken. */
    void giveBack(int block) {
        if (uses[block] < 1) throw new IllegalStateException("block " + block + " given back twice");
        if (--uses[block] > 0) return;
        if (keys[block] == null) empty.add(block);
        else cached.add(block);
    }

    /** Makes a wholly computed block findable; the first of several with the same content keeps the key. */
    void publish(int block, BlockKey key) {
        if (uses[block] < 1) throw new IllegalStateException("block " + block + " published by nobody");
        if (keys[block] == null && findable.putIfAbsent(key, block) == null) keys[block] = key;
    }

    /** Throws if a block is lost, in two states, or used other than {@code expectedUses} says. */
    void checkIntegrity(int[] expectedUses) {
        require(Arrays.equals(uses, expectedUses), "uses differ from the block tables");
        int inUse = 0;
        int keyed = 0;
        for (int block = 0; block < uses.length; block++) {
            if (uses[block] > 0) inUse++;
            if (keys[block] != null) {
                keyed++;
                require(Integer.valueOf(block).equals(findable.get(keys[block])), "key of block " + block);
            }
            require(cached.contains(block) == (uses[block] == 0 && keys[block] != null), "state of block " + block);
        }
        for (int block : empty) require(uses[block] == 0 && keys[block] == null, "empty block " + block);
        require(keyed == findable.size(), "a key without a block");
        require(inUse + free() == uses.length, inUse + " in use + " + free() + " free of " + uses.length);
    }

    private static void require(boolean holds, String what) {
        if (!holds) throw new IllegalStateException("block pool broken: " + what);
    }
}
