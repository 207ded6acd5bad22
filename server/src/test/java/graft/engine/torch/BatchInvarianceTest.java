package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.weights.TestModels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * 200 random requests over six adapters and the base, arriving at random and a third of them cancelled midway, through a
 * KV pool so small that sequences are preempted: every finished greedy answer equals the one computed alone, or first
 * differs where the solo run's two likeliest tokens are nearer than 1e-4.
 */
class BatchInvarianceTest {
    private static final int REQUESTS = 200;
    private static final double TIE = 1e-4;
    private static final List<String> ADAPTERS = List.of("l3-r4-qv", "l3-r16-all", "l3-dora-r8", "l3-rslora-r8",
            "l3-lora-bias", "l3-embed-head");

    private record Asked(int[] prompt, int tokens, List<EngineAdapter> adapters, String tenant, boolean cancelled) {
        EngineRequest request(String salt) {
            return new EngineRequest("r", salt + tenant, prompt, tokens, Sampling.GREEDY, adapters, Set.of(), 2,
                    Optional.empty());
        }
    }

    private static TorchEngine open(long kvBytes, boolean operators) {
        return TorchEngine.open("tiny", TestModels.folder("models/tiny-llama3"), new TorchSettings(Precision.FLOAT32,
                "cpu", 1, kvBytes, 4, 48, 24, REQUESTS, 4, 16 << 20, 0, 2, 512, 10, operators));
    }

    private static List<Asked> asked(Random random) {
        List<Asked> all = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
            int[] prompt = random.ints(1 + random.nextInt(40), 3, 640).toArray();
            int which = random.nextInt(ADAPTERS.size() + 1);
            List<EngineAdapter> adapters = which == ADAPTERS.size() ? List.of() : List.of(new EngineAdapter(
                    ADAPTERS.get(which), 1, "sha256:" + ADAPTERS.get(which), 1,
                    () -> TestModels.folder("adapters/" + ADAPTERS.get(which))));
            all.add(new Asked(prompt, 4 + random.nextInt(28), adapters, "tenant-" + random.nextInt(4), i % 3 == 2));
        }
        return all;
    }

    @ParameterizedTest(name = "operators {0}")
    @ValueSource(booleans = {true, false})
    void everyFinishedAnswerEqualsItsSoloRunWhateverElseWasInTheBatch(boolean operators) throws InterruptedException {
        assumeTrue(!operators || Operators.available(), "no compiler built the operators");
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        List<Asked> asked = asked(random);
        List<Collected> mixed = new ArrayList<>();
        long preemptions;
        try (TorchEngine engine = open(80_000, operators)) {
            List<Long> ids = new ArrayList<>();
            for (int i = 0; i < REQUESTS; i++) {
                mixed.add(new Collected());
                ids.add(((Submission.Accepted) engine.submit(asked.get(i).request(""), mixed.get(i))).sequenceId());
                if (random.nextInt(8) == 0) mixed.get(random.nextInt(mixed.size())).awaitEndOrFirstToken();
                int earlier = random.nextInt(mixed.size());
                if (asked.get(earlier).cancelled()) engine.cancel(ids.get(earlier));
            }
            for (int i = 0; i < REQUESTS; i++) {
                if (!asked.get(i).cancelled()) continue;
                mixed.get(i).awaitEndOrFirstToken();
                engine.cancel(ids.get(i));
            }
            mixed.forEach(Collected::end);
            preemptions = engine.status().totals().preemptions();
        }
        try (TorchEngine engine = open(8 << 20, operators)) {
            compare(asked, mixed, engine, preemptions);
        }
    }

    private static void compare(List<Asked> asked, List<Collected> mixed, TorchEngine engine, long preemptions) {
        int finished = 0;
        int ties = 0;
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
            if (mixed.get(i).end().reason() != Finished.Reason.LENGTH) {
                assertEquals(Finished.Reason.CANCELLED, mixed.get(i).end().reason(), mixed.get(i).end().toString());
                continue;
            }
            finished++;
            Collected solo = new Collected();
            engine.submit(asked.get(i).request("solo-" + i), solo);
            solo.end();
            int at = firstDifference(solo.ids(), mixed.get(i).ids());
            if (at < 0) continue;
            List<GeneratedToken.Alternative> top = solo.tokens.get(at).top();
            double gap = top.get(0).logprob() - top.get(1).logprob();
            if (gap < TIE) ties++;
            else differences.add("request " + i + " token " + at + " gap " + gap);
        }
        System.out.println("batch invariance: " + finished + " finished, " + ties + " differ first at a tie, beyond ties "
                + differences + ", preemptions " + preemptions);
        assertEquals(List.of(), differences);
        assertTrue(ties <= finished / 100, ties + " ties of " + finished);
        assertTrue(finished >= REQUESTS / 2, finished + " finished");
        assertTrue(preemptions > 0, "the pool was not small enough to preempt");
    }

    private static int firstDifference(int[] one, int[] other) {
        for (int i = 0; i < Math.max(one.length, other.length); i++) {
            if (i >= one.length || i >= other.length || one[i] != other[i]) return i;
        }
        return -1;
    }
}
