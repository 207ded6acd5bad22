package graft.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.scheduling.Limits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FakeEngineTest {
    private static final int VOCABULARY = 40;
    private static final BaseModel MODEL = new BaseModel("toy", "sha256:toy", 100, VOCABULARY, Set.of(0));

    @Test
    void itSaysTheAnswerThenStops() throws Exception {
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.saying(VOCABULARY, 5, 6, 7))) {
            Heard heard = new Heard();
            engine.submit(request(List.of(), 20, 3), heard);
            assertEquals(Finished.Reason.STOP_TOKEN, heard.end().reason());
            assertEquals(List.of(5, 6, 7, 0), heard.ids());
            assertEquals(3, heard.tokens.getFirst().top().size());
            assertEquals(5, heard.tokens.getFirst().top().getFirst().id());
            assertEquals(4, heard.end().generatedTokens());
        }
    }

    @Test
    void answersInFlightTogetherEqualTheirSoloAnswers() throws Exception {
        List<List<EngineAdapter>> adapters = List.of(List.of(), List.of(adapter("a")), List.of(adapter("b")));
        List<List<Integer>> solo = new ArrayList<>();
        for (List<EngineAdapter> one : adapters) {
            try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(VOCABULARY))) {
                Heard heard = new Heard();
                engine.submit(request(one, 30, 0), heard);
                heard.end();
                solo.add(heard.ids());
            }
        }
        Limits tight = new Limits(8, 8, 8, 1, 24, 4);
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(VOCABULARY), tight, 9)) {
            List<Heard> all = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                all.add(new Heard());
                engine.submit(request(adapters.get(i % 3), 30, 0), all.getLast());
            }
            for (int i = 0; i < 9; i++) {
                assertEquals(Finished.Reason.LENGTH, all.get(i).end().reason());
                assertEquals(solo.get(i % 3), all.get(i).ids());
            }
        }
        assertEquals(3, Set.copyOf(solo).size(), "each adapter speaks otherwise");
    }

    @Test
    void aFullInboxIsBusyAndACancelledSequenceEnds() throws Exception {
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(VOCABULARY), FakeEngine.LIMITS, 1)) {
            engine.pause();
            Heard heard = new Heard();
            Submission first = engine.submit(request(List.of(), 90, 0), heard);
            assertInstanceOf(Submission.Busy.class, engine.submit(request(List.of(), 9, 0), new Heard()));
            engine.cancel(((Submission.Accepted) first).sequenceId());
            engine.resume();
            assertEquals(Finished.Reason.CANCELLED, heard.end().reason());
        }
    }

    @Test
    void aSequenceCancelledMidwayKeepsItsBeginning() throws Exception {
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(VOCABULARY))) {
            Heard heard = new Heard();
            CompletableFuture<Long> id = new CompletableFuture<>();
            TokenSink leaver = new TokenSink() {
                @Override
                public void token(GeneratedToken token) {
                    heard.token(token);
                    if (heard.tokens.size() == 5) engine.cancel(id.join());
                }

                @Override
                public void finished(Finished finished) {
                    heard.finished(finished);
                }
            };
            id.complete(((Submission.Accepted) engine.submit(request(List.of(), 90, 0), leaver)).sequenceId());
            assertEquals(Finished.Reason.CANCELLED, heard.end().reason());
            assertEquals(5, heard.tokens.size());
            assertEquals(5, heard.end().generatedTokens());
        }
    }

    @Test
    void anAdapterThatCannotBeLoadedFailsItsSequenceOnly() throws Exception {
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(VOCABULARY))) {
            EngineAdapter broken = new EngineAdapter("x", 1, "sha256:x", 1, () -> {
                throw new IllegalStateException("gone");
            });
            Heard failed = new Heard();
            Heard fine = new Heard();
            engine.submit(request(List.of(broken), 9, 0), failed);
            engine.submit(request(List.of(adapter("a")), 9, 0), fine);
            assertEquals(Optional.of("adapter can't be loaded: gone"), failed.end().failure());
            assertEquals(Finished.Reason.LENGTH, fine.end().reason());
            assertEquals(1, engine.status().adapters().size());
            engine.evict("sha256:a");
            assertTrue(engine.status().adapters().isEmpty());
            assertTrue(engine.status().healthy());
        }
    }

    @Test
    void closingEndsWhatRunsAndRefusesWhatIsImpossible() throws Exception {
        Heard heard = new Heard();
        FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(VOCABULARY));
        assertThrows(IllegalArgumentException.class, () -> engine.submit(request(List.of(), 99, 0), heard));
        engine.pause();
        engine.submit(request(List.of(), 90, 0), heard);
        engine.close();
        assertEquals(Finished.Reason.CANCELLED, heard.end().reason());
        engine.close();
    }

    @Test
    void aSequenceStaysAtItsAllowanceUntilItIsRaised() throws Exception {
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(VOCABULARY))) {
            Heard held = new Heard();
            EngineRequest request = request(List.of(), 20, 0);
            long id = ((Submission.Accepted) engine.submit(new EngineRequest("held", "t", request.prompt(), 20,
                    Sampling.GREEDY, List.of(), Set.of(), 0, Optional.empty(), 3), held)).sequenceId();
            Heard other = new Heard();
            engine.submit(new EngineRequest("other", "t", request.prompt(), 20, Sampling.GREEDY, List.of(), Set.of(),
                    0, Optional.empty()), other);
            other.end();
            assertEquals(3, held.ids().size());
            engine.allow(id, 20);
            assertEquals(20, held.end().generatedTokens());
            assertEquals(other.ids(), held.ids());
        }
    }

    @Test
    void aSeededDrawIsRepeatable() throws Exception {
        Sampling warm = new Sampling(1.5, 1, 0, 0, 0, 0, 1, java.util.OptionalLong.of(11), java.util.Map.of());
        List<List<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(VOCABULARY))) {
                Heard heard = new Heard();
                engine.submit(new EngineRequest("r", "t", new int[] {1, 2}, 20, warm, List.of(), Set.of(), 0,
                        Optional.empty()), heard);
                heard.end();
                answers.add(heard.ids());
            }
        }
        assertEquals(answers.getFirst(), answers.getLast());
        assertFalse(Set.copyOf(answers.getFirst()).size() == 1);
    }

    @Test
    void theToyModelIsDeterministic() {
        EngineRequest request = request(List.of(), 9, 0);
        ToyModel toy = ToyModel.hashing(VOCABULARY);
        assertArrayEquals(toy.logits(request, new int[] {1, 2}), toy.logits(request, new int[] {1, 2}));
    }

    private static EngineRequest request(List<EngineAdapter> adapters, int newTokens, int topLogprobs) {
        return new EngineRequest("r", "t", new int[] {1, 2, 3}, newTokens, Sampling.GREEDY, adapters, Set.of(0),
                topLogprobs, Optional.empty());
    }

    private static EngineAdapter adapter(String name) {
        return new EngineAdapter(name, 1, "sha256:" + name, 1, () -> Path.of("."));
    }

    /** Collects a stream; read only after {@link #end}. */
    private static final class Heard implements TokenSink {
        private final List<GeneratedToken> tokens = new ArrayList<>();
        private final CompletableFuture<Finished> end = new CompletableFuture<>();

        @Override
        public void token(GeneratedToken token) {
            tokens.add(token);
        }

        @Override
        public void finished(Finished finished) {
            end.complete(finished);
        }

        private Finished end() throws Exception {
            return end.get(30, TimeUnit.SECONDS);
        }

        private List<Integer> ids() {
            return tokens.stream().map(GeneratedToken::id).toList();
        }
    }
}
