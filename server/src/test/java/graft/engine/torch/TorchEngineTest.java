package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.EngineStatus;
import graft.engine.Finished;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.engine.TokenConstraint;
import graft.weights.TestModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The engine end to end on a tiny model. */
class TorchEngineTest {
    private static final TorchSettings SETTINGS = new TorchSettings(Precision.FLOAT32, "cpu", 1, 8 << 20, 4, 32, 8, 4, 4,
            8 << 20, 0, 1, 512, 10, true);
    private static TorchEngine engine;
    private static JsonNode cases;

    @BeforeAll
    static void open() throws IOException {
        engine = TorchEngine.open("tiny", TestModels.folder("models/tiny-llama3"), SETTINGS);
        cases = new ObjectMapper().readTree(TestModels.folder("models/tiny-llama3").resolve("golden.json").toFile()).get("cases");
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static int[] ints(JsonNode array) {
        return new ObjectMapper().convertValue(array, int[].class);
    }

    private static EngineRequest request(int[] prompt, int tokens, Sampling sampling, int top) {
        return new EngineRequest("r", "tenant", prompt, tokens, sampling, List.of(), Set.of(), top, Optional.empty());
    }

    private static Collected submit(EngineRequest request) {
        var sink = new Collected();
        assertTrue(engine.submit(request, sink) instanceof Submission.Accepted);
        return sink;
    }

    @Test
    void goldensHoldTogetherAndAgainWithTheirPrefixesCached() {
        for (int round = 0; round < 2; round++) {
            List<Collected> sinks = new ArrayList<>();
            for (JsonNode each : cases) sinks.add(submit(request(ints(each.get("input_ids")), 12, Sampling.GREEDY, 10)));
            for (int i = 0; i < sinks.size(); i++) {
                Finished end = sinks.get(i).end();
                assertEquals(Finished.Reason.LENGTH, end.reason());
                assertArrayEquals(ints(cases.get(i).get("greedy_12")), sinks.get(i).ids());
                var first = sinks.get(i).tokens.getFirst();
                assertEquals(cases.get(i).get("logsumexp").asDouble(), first.logsumexp(), 1e-3);
                for (int k = 0; k < 10; k++) {
                    assertEquals(cases.get(i).get("top10_ids").get(k).asInt(), first.top().get(k).id());
                    assertEquals(cases.get(i).get("top10_logits").get(k).asDouble(),
                            first.top().get(k).logprob() + first.logsumexp(), 1e-3);
                }
                if (round == 1 && end.promptTokens() > 8) assertTrue(end.cachedPromptTokens() > 0, "nothing was cached");
            }
        }
    }

    @Test
    void aSequenceStaysAtItsAllowanceUntilItIsRaisedOrCancelled() {
        int[] prompt = ints(cases.get(0).get("input_ids"));
        List<Collected> held = List.of(new Collected(), new Collected());
        List<Long> ids = held.stream().map(sink -> ((Submission.Accepted) engine.submit(new EngineRequest("held",
                "tenant", prompt, 12, Sampling.GREEDY, List.of(), Set.of(), 0, Optional.empty(), 3), sink)).sequenceId())
                .toList();
        Collected other = submit(request(prompt, 12, Sampling.GREEDY, 0));
        other.end();
        held.forEach(sink -> assertEquals(3, sink.tokens.size()));
        engine.allow(ids.getFirst(), 12);
        assertEquals(12, held.getFirst().end().generatedTokens());
        assertArrayEquals(other.ids(), held.getFirst().ids());
        engine.cancel(ids.getLast());
        assertEquals(Finished.Reason.CANCELLED, held.getLast().end().reason());
        assertEquals(3, held.getLast().end().generatedTokens());
    }

    @Test
    void engineTimeAttributedIsBusyTimeAndTheRestIsIdle() {
        EngineStatus.Totals before = idleStatus().totals();
        long start = System.nanoTime();
        List<Collected> sinks = new ArrayList<>();
        for (JsonNode each : cases) sinks.add(submit(request(ints(each.get("input_ids")), 12, Sampling.GREEDY, 0)));
        long attributed = sinks.stream().mapToLong(sink -> sink.end().engineMicros()).sum();
        EngineStatus.Totals after = idleStatus().totals();
        long wall = (System.nanoTime() - start) / 1000;
        assertEquals(after.busyMicros() - before.busyMicros(), attributed);
        long counted = after.busyMicros() + after.idleMicros() - before.busyMicros() - before.idleMicros();
        assertTrue(Math.abs(wall - counted) < 5000, wall + " us of wall clock, counted " + counted);
        assertEquals(12L * cases.size(), after.generatedTokens() - before.generatedTokens());
    }

    /** Loading computes: on a virtual thread it would wait for a carrier, and hold one. */
    @Test
    void anAdapterIsLoadedWhileEveryCarrierOfVirtualThreadsIsTaken() throws InterruptedException {
        var release = new AtomicBoolean();
        var adapter = new EngineAdapter("qv", 1, "sha256:carriers", 1, () -> TestModels.folder("adapters/l3-r4-qv"));
        List<Thread> takers = new ArrayList<>();
        try {
            var taken = new CountDownLatch(Runtime.getRuntime().availableProcessors());
            for (long i = taken.getCount(); i > 0; i--) takers.add(Thread.ofVirtual().start(() -> {
                taken.countDown();
                while (!release.get()) Thread.onSpinWait();
            }));
            taken.await();
            var request = new EngineRequest("r", "carriers", new int[] {5, 6, 7}, 2, Sampling.GREEDY, List.of(adapter),
                    Set.of(), 0, Optional.empty());
            assertEquals(Finished.Reason.LENGTH, submit(request).end().reason());
        } finally {
            release.set(true);
            for (Thread taker : takers) taker.join();
        }
    }

    private static EngineStatus idleStatus() {
        EngineStatus status = engine.status();
        while (status.running() + status.waiting() > 0) status = engine.status();
        return status;
    }

    @Test
    void aCancelledSequenceEndsAndItsBlocksAreFree() throws InterruptedException {
        var sink = new Collected();
        var accepted = (Submission.Accepted) engine.submit(request(new int[] {5, 6, 7}, 400, Sampling.GREEDY, 0), sink);
        sink.awaitFirstToken();
        engine.cancel(accepted.sequenceId());
        engine.cancel(accepted.sequenceId());
        assertEquals(Finished.Reason.CANCELLED, sink.end().reason());
        assertEquals(sink.tokens.size(), sink.end().generatedTokens());
        EngineStatus status = idleStatus();
        assertEquals(status.blocks().total(), status.blocks().free());
    }

    @Test
    void aLoadThatFailsAfterItsAskerLeftFailsNobodyElse() throws InterruptedException {
        var begun = new CountDownLatch(1);
        var left = new CountDownLatch(1);
        EngineAdapter.Files gone = () -> {
            begun.countDown();
            try {
                left.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            throw new UncheckedIOException(new IOException("the spool is gone"));
        };
        Collected probe = new Collected();
        var accepted = (Submission.Accepted) engine.submit(adapted(gone), probe);
        begun.await();
        Collected user = submit(adapted(() -> TestModels.folder("adapters/l3-r4-qv")));
        engine.cancel(accepted.sequenceId());
        assertEquals(Finished.Reason.CANCELLED, probe.end().reason());
        left.countDown();
        assertEquals(Finished.Reason.LENGTH, user.end().reason(), user.end().toString());
        Collected broken = submit(adapted("sha256:broken", () -> {
            throw new UncheckedIOException(new IOException("not stored"));
        }));
        assertTrue(broken.end().failure().orElseThrow().contains("not stored"), broken.end().toString());
    }

    private static EngineRequest adapted(EngineAdapter.Files files) {
        return adapted("sha256:late", files);
    }

    private static EngineRequest adapted(String digest, EngineAdapter.Files files) {
        return new EngineRequest("r", "tenant", new int[] {5, 6, 7}, 2, Sampling.GREEDY,
                List.of(new EngineAdapter("late", 1, digest, 1, files)), Set.of(), 0, Optional.empty());
    }

    @Test
    void aSeedRepeatsAnAnswerWhateverElseIsInTheBatch() {
        var sampling = new Sampling(1.3, 0.9, 50, 0.01, 0.2, 0.1, 1.1, OptionalLong.of(42), Map.of(7, -1.0));
        int[] alone = finished(submit(request(new int[] {1, 2, 3}, 40, sampling, 0)));
        Collected other = submit(request(new int[] {9, 8, 7, 6}, 60, Sampling.GREEDY, 0));
        assertArrayEquals(alone, finished(submit(request(new int[] {1, 2, 3}, 40, sampling, 0))));
        other.end();
        var otherSeed = new Sampling(1.3, 0.9, 50, 0.01, 0.2, 0.1, 1.1, OptionalLong.of(43), Map.of(7, -1.0));
        assertTrue(!Arrays.equals(alone, finished(submit(request(new int[] {1, 2, 3}, 40, otherSeed, 0)))));
    }

    private static int[] finished(Collected sink) {
        sink.end();
        return sink.ids();
    }

    @Test
    void aStopTokenEndsTheAnswerAndIsCounted() {
        int[] greedy = ints(cases.get(0).get("greedy_12"));
        var sink = submit(new EngineRequest("r", "t", ints(cases.get(0).get("input_ids")), 12, Sampling.GREEDY, List.of(),
                Set.of(greedy[0]), 0, Optional.empty()));
        assertEquals(Finished.Reason.STOP_TOKEN, sink.end().reason());
        assertEquals(1, sink.end().generatedTokens());
    }

    @Test
    void aConstraintThatBreaksFailsItsOwnSequenceOnly() {
        TokenConstraint broken = new TokenConstraint() {
            @Override
            public void mask(float[] logits) {
                throw new IllegalStateException("no such state");
            }

            @Override
            public void accept(int token) {}
        };
        Collected good = submit(request(ints(cases.get(0).get("input_ids")), 12, Sampling.GREEDY, 0));
        var bad = submit(new EngineRequest("r", "t", new int[] {1, 2}, 12, Sampling.GREEDY, List.of(), Set.of(), 0,
                Optional.of(broken)));
        assertEquals(Finished.Reason.FAILED, bad.end().reason());
        assertArrayEquals(ints(cases.get(0).get("greedy_12")), finished(good));
    }

    @Test
    void moreThanTheEngineTakesIsRefusedAndNothingKept() {
        List<Collected> taken = new ArrayList<>();
        List<Long> ids = new ArrayList<>();
        int refused = 0;
        for (int i = 0; i < 20; i++) {
            var sink = new Collected();
            switch (engine.submit(request(new int[] {i + 1, 2, 3}, 300, Sampling.GREEDY, 0), sink)) {
                case Submission.Accepted accepted -> {
                    taken.add(sink);
                    ids.add(accepted.sequenceId());
                }
                case Submission.Busy _ -> refused++;
            }
        }
        assertTrue(refused > 0, "nothing was refused");
        ids.forEach(engine::cancel);
        taken.forEach(Collected::end);
        assertEquals(0, idleStatus().waiting());
    }

    @Test
    void whatCannotBeServedIsRefusedBeforeItIsTaken() {
        assertThrows(IllegalArgumentException.class,
                () -> engine.submit(request(new int[500], 13, Sampling.GREEDY, 0), new Collected()));
        assertThrows(IllegalArgumentException.class,
                () -> engine.submit(request(new int[] {640}, 1, Sampling.GREEDY, 0), new Collected()));
    }

    @Test
    void closingEndsWhatRuns() throws InterruptedException {
        var sink = new Collected();
        try (var own = TorchEngine.open("tiny", TestModels.folder("models/tiny-llama3"), SETTINGS)) {
            own.submit(request(new int[] {1, 2, 3}, 500, Sampling.GREEDY, 0), sink);
            sink.awaitFirstToken();
        }
        assertEquals(Finished.Reason.CANCELLED, sink.end().reason());
    }
}
