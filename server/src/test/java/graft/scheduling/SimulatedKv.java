package graft.scheduling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A device without arithmetic: every KV slot holds a fingerprint of what was computed into it (all tokens up to its
 * own, the adapters that apply by then, the salt), and every attention read demands to find exactly the reader's own. The next token is
 * a function of all that was read, so one foreign or stale slot would also change the answer. Half of the sequences are
 * repetitive: mostly what they say next follows from their last token alone, so that drafts come true.
 */
final class SimulatedKv {
    static final int VOCABULARY = 50;

    private final long[] slots;
    private final int tokensPerBlock;

    SimulatedKv(Limits limits) {
        tokensPerBlock = limits.tokensPerBlock();
        slots = new long[limits.blocks() * tokensPerBlock];
        Arrays.fill(slots, -1);
    }

    /** Computes a step as a model does: first all slices write, then all read, so an overlap is seen at once. */
    StepResult run(Batch batch) {
        for (Slice slice : batch.slices()) {
            for (int at = slice.start(); at < slice.end(); at++)
                slots[slot(slice.sequence(), at)] = fingerprint(slice, at);
        }
        List<Chosen> chosen = new ArrayList<>();
        for (Slice slice : batch.slices()) {
            int[] tokens = read(slice);
            if (slice.samples()) chosen.add(new Chosen(slice.sequence().id(), accepted(slice, tokens)));
        }
        return new StepResult(chosen);
    }

    /** @return what the model says behind each of the slice's choices */
    private int[] read(Slice slice) {
        int[] tokens = new int[slice.choices()];
        long read = 0;
        for (int at = 0; at < slice.end(); at++) {
            long found = slots[slot(slice.sequence(), at)];
            if (found != fingerprint(slice, at))
                throw new AssertionError("foreign KV at token " + at + " of " + slice.sequence());
            read = mix(read, found);
            int choice = at - slice.end() + slice.choices();
            if (choice >= 0) tokens[choice] = tokenOf(read, slice.sequence().token(0), slice.token(at));
        }
        return tokens;
    }

    private static List<Integer> accepted(Slice slice, int[] tokens) {
        List<Integer> accepted = new ArrayList<>();
        for (int i = 0; i < tokens.length; i++) {
            accepted.add(tokens[i]);
            if (i < slice.draft().size() && slice.draft().get(i) != tokens[i]) break;
        }
        return accepted;
    }

    /** What the sequence's answer is when nothing else runs and there are no blocks at all. */
    static int[] soloTokens(String salt, List<AdapterKey> adapters, int[] from, int[] prompt, int newTokens, int stopToken) {
        int[] tokens = Arrays.copyOf(prompt, prompt.length + newTokens);
        long print = salt.hashCode();
        long read = 0;
        for (int at = 0; at < tokens.length; at++) {
            if (at >= prompt.length) {
                tokens[at] = tokenOf(read, prompt[0], tokens[at - 1]);
                if (tokens[at] == stopToken) return Arrays.copyOf(tokens, at + 1);
            }
            for (int i = 0; i < from.length; i++) if (from[i] == at) print = mix(print, adapters.get(i).hashCode());
            print = mix(print, tokens[at]);
            read = mix(read, print);
        }
        return tokens;
    }

    private int slot(Sequence sequence, int at) {
        return sequence.block(at / tokensPerBlock) * tokensPerBlock + at % tokensPerBlock;
    }

    private static long fingerprint(Slice slice, int at) {
        Sequence sequence = slice.sequence();
        long print = PropertyWorkload.saltOf(sequence.tenant()).hashCode();
        for (int i = 0; i <= at; i++) {
            for (int adapter = 0; adapter < sequence.adapters().size(); adapter++) {
                if (sequence.activeFrom(adapter) == i) print = mix(print, sequence.adapters().get(adapter).hashCode());
            }
            print = mix(print, i < sequence.length() ? sequence.token(i) : slice.token(i));
        }
        return print;
    }

    private static int tokenOf(long read, int first, int last) {
        boolean repetitive = first % 2 == 0 && read >>> 60 != 0;
        return repetitive ? (last + 1) % 7 : (int) Long.remainderUnsigned(read, VOCABULARY);
    }

    /** The finaliser of SplitMix64. */
    private static long mix(long a, long b) {
        long z = a * 0x9E3779B97F4A7C15L + b + 1;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
