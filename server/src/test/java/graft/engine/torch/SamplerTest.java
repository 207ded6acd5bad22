package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import graft.engine.EngineRequest;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SamplerTest {
    /** Logarithms of 0.5, 0.25, 0.125, 0.125. */
    private static final float[] LOGITS = logs(0.5, 0.25, 0.125, 0.125);

    private static float[] logs(double... probabilities) {
        float[] logits = new float[probabilities.length];
        for (int i = 0; i < logits.length; i++) logits[i] = (float) Math.log(probabilities[i]);
        return logits;
    }

    private static Sampling sampling(double temperature, double topP, int topK, double minP) {
        return new Sampling(temperature, topP, topK, minP, 0, 0, 1, OptionalLong.empty(), Map.of());
    }

    private static Set<Integer> reachable(Sampling sampling) {
        Set<Integer> ids = new TreeSet<>();
        for (double uniform = 0; uniform < 1; uniform += 0.001) ids.add(Draw.from(LOGITS, sampling, uniform));
        return ids;
    }

    @Test
    void drawsFollowTheProbabilities() {
        int[] counts = new int[4];
        for (int i = 0; i < 1000; i++) counts[Draw.from(LOGITS, sampling(1, 1, 0, 0), (i + 0.5) / 1000)]++;
        assertArrayEquals(new int[] {500, 250, 125, 125}, counts);
    }

    @Test
    void topPKeepsTheFewestThatHoldItAndTopKAndMinPCutTheRest() {
        assertEquals(Set.of(0), reachable(sampling(1, 0.4, 0, 0)));
        assertEquals(Set.of(0, 1), reachable(sampling(1, 0.7, 0, 0)));
        assertEquals(Set.of(0, 1, 2), reachable(sampling(1, 0.8, 0, 0)));
        assertEquals(Set.of(0, 1, 2), reachable(sampling(1, 1, 3, 0)));
        assertEquals(Set.of(0, 1), reachable(sampling(1, 1, 0, 0.4)));
        // top_p is of the mass that top_k left: 0.5 of 0.75 is one token.
        assertEquals(Set.of(0), reachable(sampling(1, 0.6, 2, 0)));
    }

    @Test
    void aLowTemperatureIsNearlyGreedy() {
        assertEquals(Set.of(0), reachable(sampling(0.05, 1, 0, 0)));
    }

    @Test
    void penaltiesAndBiasChangeTheChoiceButNotTheReportedLogprob() {
        var sampling = new Sampling(0, 1, 0, 0, 0.5, 0.3, 1, OptionalLong.empty(), Map.of(3, 1.5));
        var sampler = new Sampler(new EngineRequest("r", "t", new int[] {1}, 9, sampling, List.of(), Set.of(), 2, Optional.empty()));
        GeneratedToken first = sampler.next(LOGITS, 0);
        assertEquals(3, first.id(), "0.125 times e^1.5 is the most");
        assertEquals(Math.log(0.125), first.logprob(), 1e-6);
        assertEquals(List.of(0, 1), first.top().stream().map(GeneratedToken.Alternative::id).toList());
        assertEquals(0, sampler.next(LOGITS, 0).id(), "3 was penalised by 0.8");
        assertEquals(3, sampler.next(LOGITS, 0).id(), "now 0 was too");
    }

    @Test
    void aRepetitionPenaltyCountsThePromptToo() {
        var sampling = new Sampling(0, 1, 0, 0, 0, 0, 3, OptionalLong.empty(), Map.of());
        var sampler = new Sampler(new EngineRequest("r", "t", new int[] {0}, 9, sampling, List.of(), Set.of(), 0, Optional.empty()));
        assertEquals(1, sampler.next(LOGITS, 0).id());
    }

    @Test
    void likeliestAreInOrderAndOfEqualsTheSmallerFirst() {
        assertArrayEquals(new int[] {0, 1, 2}, Sampler.likeliest(LOGITS, 3));
        assertArrayEquals(new int[] {2, 0, 1, 3}, Sampler.likeliest(new float[] {1, 1, 5, 0}, 9));
        assertArrayEquals(new int[0], Sampler.likeliest(LOGITS, 0));
    }
}
