package graft.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.BaseModel;
import graft.engine.EngineRequest;
import graft.engine.FakeEngine;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.engine.TokenSink;
import graft.engine.ToyModel;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AllowancesTest {
    private static final int VOCABULARY = 20;
    private static final BaseModel MODEL = new BaseModel("toy", "sha256:toy", 256, VOCABULARY, Set.of());

    @Test
    void aLeadIsDividedEvenlyAndNobodyGetsMoreThanItsAnswer() {
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(VOCABULARY))) {
            Allowances three = new Allowances(engine, 3, 32, 100);
            assertEquals(List.of(11, 11, 10), IntStream.range(0, 3).map(three::of).boxed().toList());
            assertEquals(9, new Allowances(engine, 1, 32, 9).of(0));
            Allowances many = new Allowances(engine, 40, 32, 100);
            assertEquals(32, IntStream.range(0, 40).map(many::of).sum());
            Allowances unbound = new Allowances(engine, 2, Integer.MAX_VALUE, 50);
            assertEquals(List.of(50, 50), List.of(unbound.of(0), unbound.of(1)));
        }
    }

    /** Commits come late, of what had been sent at some time before, and none is ever sent beyond the lead. */
    @Test
    void allSequencesEndAndNoneRunsAheadOfTheirRow() throws InterruptedException {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(VOCABULARY))) {
            for (int round = 0; round < 30; round++) {
                int sequences = 1 + random.nextInt(12);
                new Round(engine, sequences, 1 + random.nextInt(8), 1 + random.nextInt(30)).run(seed);
            }
        }
    }

    private static final class Round {
        private final FakeEngine engine;
        private final int sequences;
        private final int lead;
        private final int tokens;
        private final Allowances allowances;
        private final AtomicInteger sent = new AtomicInteger();
        private final AtomicInteger committed = new AtomicInteger();
        private final AtomicInteger farthest = new AtomicInteger();
        private final CountDownLatch ends;

        Round(FakeEngine engine, int sequences, int lead, int tokens) {
            this.engine = engine;
            this.sequences = sequences;
            this.lead = lead;
            this.tokens = tokens;
            allowances = new Allowances(engine, sequences, lead, tokens);
            ends = new CountDownLatch(sequences);
        }

        void run(long seed) throws InterruptedException {
            for (int i = 0; i < sequences; i++) {
                long id = ((Submission.Accepted) engine.submit(new EngineRequest("r", "t", new int[] {1, 2 + i}, tokens,
                        Sampling.GREEDY, List.of(), Set.of(), 0, Optional.empty(), allowances.of(i)), sink(i)))
                        .sequenceId();
                allowances.accepted(i, id);
            }
            while (ends.getCount() > 0) {
                int safe = sent.get();
                committed.set(safe);
                allowances.committed(safe);
                Thread.onSpinWait();
            }
            ends.await();
            assertEquals(sequences * tokens, sent.get(), "seed " + seed);
            assertTrue(farthest.get() <= lead, "ran ahead by " + farthest + " of " + lead + ", seed " + seed);
        }

        private TokenSink sink(int sequence) {
            return new TokenSink() {
                @Override
                public void token(GeneratedToken token) {
                    int safe = committed.get();
                    sent.set(allowances.sent(sequence));
                    farthest.accumulateAndGet(sent.get() - safe, (one, other) -> Math.max(one, other));
                }

                @Override
                public void finished(Finished finished) {
                    allowances.ended(sequence);
                    ends.countDown();
                }
            };
        }
    }
}
