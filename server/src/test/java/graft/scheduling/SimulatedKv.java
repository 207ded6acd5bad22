package graft.scheduling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A device without arithmetic: every KV slot holds a fingerprint of what was computed into it (all tokens up to its
 * own, the adapters that apply by then, the salt), and every attention read demands to find exactly the reader's own. The next token is
 * a function of all that was read, so one foreign or stale slot would also change the answer.
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
                slots[slot(slice.sequence(), at)] = fingerprint(slice.sequence(), at);
        }
        List<Chosen> chosen = new ArrayList<>();
        for (Slice slice : batch.slices()) {
            long read = 0;
            for (int at = 0; at < slice.end(); at++) {
                long found = slots[slot(slice.sequence(), at)];
                if (found != fingerprint(slice.sequence(), at))
                    throw new AssertionError("foreign KV at token " + at + " of " + slice.sequence());
                read = mix(read, found);
            }
            if (slice.samples()) chosen.add(new Chosen(slice.sequence().id(), tokenOf(read)));
        }
        return new StepResult(chosen);
    }

    /** What the sequence's answer is when nothing else runs and there are no blocks at all. */
    static int[] soloTokens(String salt, List<AdapterKey> adapters, int[] from, int[] prompt, int newTokens, int stopToken) {
        int[] tokens = Arrays.copyOf(prompt, prompt.length + newTokens);
        long print = salt.hashCode();
        long read = 0;
        for (int at = 0; at < tokens.length; at++) {
            if (at >= prompt.length) {
                tokens[at] = tokenOf(read);
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

    private static long fingerprint(Sequence sequence, int at) {
        long print = PropertyWorkload.saltOf(sequence.tenant()).hashCode();
        for (int i = 0; i <= at; i++) {
            for (int adapter = 0; adapter < sequence.adapters().size(); adapter++) {
                if (sequence.activeFrom(adapter) == i) print = mix(print, sequence.adapters().get(adapter).hashCode());
            }
            print = mix(print, sequence.token(i));
        }
        return print;
    }

    private static int tokenOf(long read) {
        return (int) Long.remainderUnsigned(read, VOCABULARY);
    }

    /** The finaliser of SplitMix64. */
    private static long mix(long a, long b) {
        long z = a * 0x9E3779B97F4A7C15L + b + 1;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
