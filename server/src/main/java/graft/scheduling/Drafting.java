package graft.scheduling;

import graft.scheduling.drafting.Drafter;
import graft.scheduling.drafting.Drafters;
import graft.scheduling.drafting.Speculation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * Which sequences of a step get drafts, and how long. A step of r rows takes {@code freeRows + r} units of time; a row
 * more makes its own sequence faster by the factor {@code (t + chance) / t}, where t is what the sequence may expect
 * of the step so far, and everybody in the step slower by {@code (freeRows + r + 1) / (freeRows + r)}. It is added
 * while the gain is the greater one, counted over all (proportional fairness; Kelly 1998):
 * {@code chance / t > sequences / (freeRows + r)}. So a lone sequence drafts readily, one of many only what is nearly
 * certain, and none whose guesses did not come true of late. Not thread-safe.
 */
final class Drafting {
    /** Tokens of the prompt's end that are remembered with an answer, so that its first ones are foretold too. */
    private static final int LEAD = 4;

    private final Speculation settings;
    private final Drafters drafters;

    /** Whether a sequence may have the KV of so many tokens, and if so the blocks for them. */
    @FunctionalInterface
    interface Room {
        boolean reserve(Sequence sequence, int tokens);
    }

    Drafting(Speculation settings) {
        this.settings = settings;
        this.drafters = new Drafters(settings);
    }

    /** A draft in the making, with one guess that is not yet part of it. */
    private final class Candidate {
        private final Sequence sequence;
        private final Drafter drafter;
        private final List<Integer> draft = new ArrayList<>();
        private double expected = 1;
        private double gain = 1;

        private Candidate(Sequence sequence) {
            this.sequence = sequence;
            this.drafter = drafterOf(sequence);
        }

        /** @return false if there is nothing more to guess: what follows can't be told, or is the answer's end */
        private boolean guess() {
            int most = Math.min(settings.draftTokens(), sequence.mayGenerate() - 1);
            if (draft.size() >= most || !drafter.guess() || sequence.stopsAt(drafter.token())) return false;
            gain *= drafter.chance();
            return true;
        }

        private double worth() {
            return gain / expected;
        }

        private void take() {
            draft.add(drafter.token());
            expected += gain;
        }
    }

    /**
     * @param lengths of the step's slices without drafts
     * @param budget  tokens that the step has left
     * @return drafts of those that get one
     */
    Map<Sequence, List<Integer>> drafts(Map<Sequence, Integer> lengths, int budget, Room room) {
        Map<Sequence, List<Integer>> drafts = new LinkedHashMap<>();
        if (settings.mode() == Speculation.Mode.OFF || budget < 1) return drafts;
        var candidates = new PriorityQueue<Candidate>(Comparator.comparingDouble((Candidate one) -> -one.worth())
                .thenComparingLong(one -> one.sequence.arrival));
        lengths.forEach((sequence, length) -> {
            if (length != sequence.remaining()) return;
            Candidate candidate = new Candidate(sequence);
            if (candidate.guess()) candidates.add(candidate);
        });
        double rows = settings.freeRows() + lengths.values().stream().mapToInt(Integer::intValue).sum();
        for (int left = budget; left > 0 && !candidates.isEmpty();) {
            Candidate best = candidates.poll();
            if (settings.mode() == Speculation.Mode.AUTO && best.worth() * rows <= lengths.size()) break;
            if (!room.reserve(best.sequence, best.sequence.length() + best.draft.size() + 1)) continue;
            best.take();
            drafts.put(best.sequence, best.draft);
            left--;
            rows++;
            if (best.guess()) candidates.add(best);
        }
        return drafts;
    }

    private Drafter drafterOf(Sequence sequence) {
        if (sequence.drafter.isEmpty()) sequence.drafter = Optional.of(drafters.drafter(sequence.kind()));
        Drafter drafter = sequence.drafter.get();
        while (drafter.known() < sequence.length()) drafter.add(sequence.token(drafter.known()));
        return drafter;
    }

    /** What came of a slice; told before the drafter hears of the new tokens. */
    void verified(Slice slice, int accepted) {
        slice.sequence().drafter.ifPresent(drafter -> drafter.verified(slice.draft().size(), accepted));
    }

    /** An answer is whole. */
    void ended(Sequence sequence) {
        if (settings.mode() == Speculation.Mode.OFF || sequence.generated() == 0) return;
        int[] all = sequence.tokens();
        int from = Math.max(0, sequence.promptLength() - LEAD);
        drafters.keep(sequence.kind(), Arrays.copyOfRange(all, from, all.length));
    }
}
