package graft;

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
import graft.scheduling.Limits;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * With the prefix cache on, a tenant guesses prompts and takes the time to the first token. A right guess of another
 * tenant's prompt must look like a wrong one; a right guess of one's own is seen at once, so the probe does see.
 */
class TimingProbeTest {
    private static final int GUESSES = 1000;
    private static final int PROMPT = 256;
    private static final int VOCABULARY = 200;

    /** A guess as its maker can measure it. */
    private record Probe(long micros, int cached) {}

    @Test
    void anotherTenantsPromptsCanNotBeTold() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        // Few tokens a step: what is computed takes many steps, and steps take time.
        Limits limits = new Limits(8, 8, 64, 4, 1 << 15, 16);
        try (FakeEngine engine = new FakeEngine(new BaseModel("toy", "sha256:0", 1024, VOCABULARY, Set.of()),
                ToyModel.saying(VOCABULARY, 7), limits, 64)) {
            double[] right = new double[GUESSES];
            double[] wrong = new double[GUESSES];
            double[] own = new double[GUESSES];
            int cachedForeign = 0;
            int cachedOwn = 0;
            for (int i = 0; i < GUESSES; i++) {
                int[] secret = prompt(random);
                ask(engine, "victim", secret);
                // In either order, so that a machine that grows faster or slower favours neither.
                int[] miss = prompt(random);
                Probe first = ask(engine, "attacker", i % 2 == 0 ? secret : miss);
                Probe second = ask(engine, "attacker", i % 2 == 0 ? miss : secret);
                right[i] = (i % 2 == 0 ? first : second).micros();
                wrong[i] = (i % 2 == 0 ? second : first).micros();
                cachedForeign += (i % 2 == 0 ? first : second).cached();
                Probe again = ask(engine, "victim", secret);
                own[i] = again.micros();
                cachedOwn += again.cached();
            }
            double foreign = auc(right, wrong);
            double self = auc(own, wrong);
            System.out.printf("timing probe: %d guesses a class, AUC another tenant's %.3f, one's own %.3f, hit rate "
                    + "of one's own %.3f, seed %d%n", GUESSES, foreign, self, (double) cachedOwn / GUESSES / PROMPT, seed);
            assertTrue(cachedForeign == 0, "another tenant's blocks were found: " + cachedForeign);
            assertTrue(foreign <= 0.55 && foreign >= 0.45, "AUC " + foreign + ", seed " + seed);
            assertTrue(self > 0.55, "the probe sees nothing at all: " + self);
            assertTrue(cachedOwn >= GUESSES * (PROMPT - 16), "one's own hit rate fell: " + cachedOwn);
        }
    }

    private static int[] prompt(Random random) {
        return random.ints(PROMPT, 0, VOCABULARY).toArray();
    }

    /** How often a value of the first is smaller than one of the second: 0.5 is chance (Mann-Whitney). */
    private static double auc(double[] first, double[] second) {
        double[] sorted = second.clone();
        Arrays.sort(sorted);
        double wins = 0;
        for (double value : first) {
            int below = lower(sorted, value);
            int upTo = lower(sorted, Math.nextUp(value));
            wins += (sorted.length - upTo) + (upTo - below) / 2.0;
        }
        return wins / ((double) first.length * second.length);
    }

    private static int lower(double[] sorted, double value) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < value) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private static Probe ask(FakeEngine engine, String tenant, int[] prompt) {
        CompletableFuture<Long> firstToken = new CompletableFuture<>();
        CompletableFuture<Finished> end = new CompletableFuture<>();
        long start = System.nanoTime();
        Submission submission = engine.submit(new EngineRequest("r", tenant, prompt, 1, Sampling.GREEDY, List.of(),
                Set.of(), 0, Optional.empty()), new TokenSink() {
                    @Override
                    public void token(GeneratedToken token) {
                        firstToken.complete(System.nanoTime());
                    }

                    @Override
                    public void finished(Finished finished) {
                        end.complete(finished);
                    }
                });
        assertTrue(submission instanceof Submission.Accepted, submission.toString());
        Finished finished = end.join();
        return new Probe((firstToken.join() - start) / 1000, finished.cachedPromptTokens());
    }
}
