package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.EngineStatus.Totals;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.engine.TokenConstraint;
import graft.scheduling.drafting.Speculation;
import graft.weights.TestModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * 160 random requests, greedy and drawn with a seed, with adapters, penalties, grammars, stop tokens and logprobs, in a
 * KV pool so small that sequences are preempted: their answers with speculation are those without. With our own
 * operators to the bit; with libtorch's, whose sums depend on the number of rows, equal or first different at a tie.
 */
class SpeculationTest {
    private static final int REQUESTS = 160;
    private static final int VOCABULARY = 640;
    private static final double TIE = 1e-4;
    private static final Speculation EAGER = new Speculation(Speculation.Mode.ON, 6, 1, 8, 512, 256, 8, 6);

    private record Asked(int[] prompt, int tokens, Sampling sampling, Optional<String> adapter, Set<Integer> stops,
            boolean grammar, int topLogprobs, String tenant) {
        EngineRequest request(int leastLogprobs) {
            List<EngineAdapter> adapters = adapter.map(name -> new EngineAdapter(name, 1, "sha256:" + name, 1,
                    () -> TestModels.folder("adapters/" + name))).stream().toList();
            return new EngineRequest("r", tenant, prompt, tokens, sampling, adapters, stops,
                    Math.max(topLogprobs, leastLogprobs), grammar ? Optional.of(new Thirds()) : Optional.empty());
        }
    }

    /** Each token is of the next class modulo three; only few of them, so that answers repeat themselves. */
    private static final class Thirds implements TokenConstraint {
        private int next;

        @Override
        public void mask(float[] logits) {
            for (int id = 0; id < logits.length; id++)
                if (id % 3 != next || id < 30 || id > 60) logits[id] = Float.NEGATIVE_INFINITY;
        }

        @Override
        public void accept(int token) {
            if (token % 3 != next) throw new IllegalStateException(token + " was masked");
            next = (next + 1) % 3;
        }
    }

    private static Asked asked(Random random, int i) {
        int[] pattern = random.ints(1 + random.nextInt(8), 3, VOCABULARY).toArray();
        int[] prompt = IntStream.range(0, 1 + random.nextInt(40)).map(at -> pattern[at % pattern.length]).toArray();
        Sampling sampling = switch (i % 4) {
            case 0, 1 -> Sampling.GREEDY;
            case 2 -> new Sampling(0, 1, 0, 0, 0.4, 0.2, 1.1, OptionalLong.empty(), Map.of(pattern[0], 2.0));
            default -> new Sampling(0.3 + random.nextDouble(), 0.9, 40, 0, 0, 0, 1, OptionalLong.of(random.nextLong()),
                    Map.of(pattern[0], 4.0));
        };
        List<String> adapters = List.of("l3-r4-qv", "l3-r16-all", "l3-dora-r8", "l3-embed-head");
        int which = random.nextInt(adapters.size() + 2);
        Set<Integer> stops = random.nextBoolean() ? Set.of()
                : random.ints(12, 3, VOCABULARY).boxed().collect(Collectors.toSet());
        return new Asked(prompt, 1 + random.nextInt(40), sampling,
                which < adapters.size() ? Optional.of(adapters.get(which)) : Optional.empty(), stops,
                random.nextInt(4) == 0, i % 2 == 0 ? 0 : 3, "tenant-" + random.nextInt(3));
    }

    private static TorchEngine open(long kvBytes, boolean operators, Speculation speculation) {
        return TorchEngine.open("tiny", TestModels.folder("models/tiny-llama3"), new TorchSettings(Precision.FLOAT32,
                "cpu", 1, kvBytes, 4, 64, 16, 2 * REQUESTS, 4, 16 << 20, 0, 2, 512, 10, operators).withSpeculation(speculation));
    }

    private static List<Collected> answers(TorchEngine engine, List<Asked> asked, int leastLogprobs) {
        List<Collected> answers = new ArrayList<>();
        for (Asked one : asked) {
            answers.add(new Collected());
            assertInstanceOf(Submission.Accepted.class, engine.submit(one.request(leastLogprobs), answers.getLast()));
        }
        answers.forEach(Collected::end);
        return answers;
    }

    @ParameterizedTest(name = "operators {0}")
    @ValueSource(booleans = {true, false})
    void answersWithSpeculationAreThoseWithout(boolean operators) {
        assumeTrue(!operators || Operators.available(), "no compiler built the operators");
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        List<Asked> asked = IntStream.range(0, REQUESTS).mapToObj(i -> asked(random, i)).toList();
        List<Collected> plain;
        try (TorchEngine engine = open(8 << 20, operators, Speculation.OFF)) {
            plain = answers(engine, asked, 2);
            assertEquals(0, engine.status().totals().draftedTokens());
        }
        for (Speculation speculation : List.of(EAGER, Speculation.DEFAULT)) {
            try (TorchEngine engine = open(60_000, operators, speculation)) {
                List<Collected> ahead = answers(engine, asked, 0);
                engine.time().join(); // told between two steps: the last one is counted
                Totals totals = engine.status().totals();
                System.out.println(speculation.mode() + " " + totals);
                int ties = 0;
                for (int i = 0; i < REQUESTS; i++)
                    if (differsAtTie(asked.get(i), plain.get(i), ahead.get(i), operators)) ties++;
                assertTrue(ties <= REQUESTS / 50, ties + " ties");
                assertTrue(totals.acceptedTokens() > 20 && totals.draftedTokens() > totals.acceptedTokens(), totals.toString());
                assertTrue(totals.preemptions() > 0, "the pool was not small enough to preempt");
                assertEquals(engine.status().blocks().total(), engine.status().blocks().free(), "blocks are lost");
                assertEquals(ahead.stream().mapToLong(one -> one.tokens.size()).sum(), totals.generatedTokens());
            }
        }
    }

    private static boolean differsAtTie(Asked asked, Collected plain, Collected ahead, boolean operators) {
        // An adapter's part of the head is libtorch's in any case.
        boolean exact = operators && !asked.adapter().equals(Optional.of("l3-embed-head"));
        Finished end = ahead.end();
        assertEquals(ahead.tokens.size(), end.generatedTokens());
        int at = Arrays.mismatch(plain.ids(), ahead.ids());
        if (at < 0) {
            assertEquals(plain.end().reason(), end.reason());
            for (int i = 0; i < ahead.tokens.size() && exact; i++) {
                GeneratedToken expected = plain.tokens.get(i);
                assertEquals(expected.logprob(), ahead.tokens.get(i).logprob(), "to the bit: " + asked);
                if (asked.topLogprobs() > 2) assertEquals(expected.top(), ahead.tokens.get(i).top());
            }
            return false;
        }
        assertTrue(!exact, () -> asked + " differs at " + at + ": " + plain.tokens + " " + ahead.tokens);
        List<GeneratedToken.Alternative> top = plain.tokens.get(at).top();
        // A drawn token differs where the draw fell between two tokens' shares: that can't be seen, only counted.
        boolean tie = asked.sampling().temperature() > 0 || top.get(0).logprob() - top.get(1).logprob() < TIE
                || asked.grammar() || asked.sampling().frequencyPenalty() > 0;
        assertTrue(tie, () -> asked + " differs at " + at);
        return true;
    }
}
