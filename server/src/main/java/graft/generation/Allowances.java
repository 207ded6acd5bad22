package graft.generation;

import graft.engine.InferenceEngine;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How far an answer's sequences may run ahead of its usage row: all of them together by the row's lead beyond what is
 * committed. The lead is divided evenly over those that run; what an ended one did not use goes to the others. Any
 * thread may call and none waits.
 */
final class Allowances {
    private final InferenceEngine engine;
    private final int lead;
    private final int most;
    private final long[] ids;
    private final int[] sent;
    private final int[] allowed;
    private final boolean[] ended;
    private int total;
    private int committed;

    private record Raise(long id, int tokens) {}

    /**
     * @param sequences how many
     * @param lead      tokens before the first commit
     * @param most      tokens that one sequence may have
     */
    Allowances(InferenceEngine engine, int sequences, int lead, int most) {
        this.engine = engine;
        this.lead = lead;
        this.most = most;
        ids = new long[sequences];
        sent = new int[sequences];
        allowed = new int[sequences];
        ended = new boolean[sequences];
        share();
    }

    /** What a sequence is submitted with. */
    synchronized int of(int sequence) {
        return allowed[sequence];
    }

    /** The engine knows it by this id; engines count from 1. */
    void accepted(int sequence, long id) {
        int now;
        synchronized (this) {
            ids[sequence] = id;
            now = allowed[sequence];
        }
        engine.allow(id, now);
    }

    /** The engine has sent one more token. @return how many of all sequences */
    synchronized int sent(int sequence) {
        sent[sequence]++;
        return ++total;
    }

    void ended(int sequence) {
        List<Raise> raises;
        synchronized (this) {
            ended[sequence] = true;
            raises = share();
        }
        raises.forEach(raise -> engine.allow(raise.id(), raise.tokens()));
    }

    /** So many tokens of all sequences are safe in the row. */
    void committed(int tokens) {
        List<Raise> raises;
        synchronized (this) {
            committed = Math.max(committed, tokens);
            raises = share();
        }
        raises.forEach(raise -> engine.allow(raise.id(), raise.tokens()));
    }

    /** With the lock: whoever has the least left goes first and gets the larger part. */
    private List<Raise> share() {
        long free = (long) committed + lead;
        for (int i = 0; i < ids.length; i++) free -= ended[i] ? sent[i] : allowed[i];
        List<Raise> raises = new ArrayList<>();
        if (free <= 0) return raises;
        List<Integer> open = IntStream.range(0, ids.length).filter(i -> !ended[i] && allowed[i] < most).boxed()
                .sorted(Comparator.comparingInt(i -> allowed[i] - sent[i])).toList();
        for (int k = 0; k < open.size(); k++) {
            int i = open.get(k);
            int given = Math.toIntExact(Math.min(most - allowed[i], Math.ceilDiv(free, open.size() - k)));
            if (given == 0) continue;
            free -= given;
            allowed[i] += given;
            if (ids[i] > 0) raises.add(new Raise(ids[i], allowed[i]));
        }
        return raises;
    }
}
