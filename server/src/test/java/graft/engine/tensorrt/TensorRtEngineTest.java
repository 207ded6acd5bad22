package graft.engine.tensorrt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.EngineStatus;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.engine.TokenSink;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The engine through real JNI, on the executor that echoes. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TensorRtEngineTest {
    @TempDir
    private static Path temporary;
    private static Path base;

    /** One request's tokens and end. */
    private static final class Heard implements TokenSink {
        final List<GeneratedToken> tokens = new ArrayList<>();
        final CompletableFuture<Finished> end = new CompletableFuture<>();
        final CompletableFuture<GeneratedToken> first = new CompletableFuture<>();

        @Override
        public void token(GeneratedToken token) {
            tokens.add(token);
            first.complete(token);
        }

        @Override
        public void finished(Finished finished) {
            assertTrue(end.complete(finished), "ended twice");
        }

        List<Integer> ids() {
            return tokens.stream().map(GeneratedToken::id).toList();
        }
    }

    @BeforeAll
    static void makeBase() {
        EchoEngines.library();
        base = EchoEngines.base(temporary, "tiny-llama3", EchoEngines.llama());
    }

    private static TensorRtEngine open(String words) {
        return open(words, 64 << 20);
    }

    private static TensorRtEngine open(String words, long adapterBytes) {
        return TensorRtEngine.open("tiny", base, EchoEngines.settings(base, words, adapterBytes));
    }

    private static EngineRequest request(List<EngineAdapter> adapters, int maxTokens, int top, int... prompt) {
        return new EngineRequest("test", "tenant", prompt, maxTokens, Sampling.GREEDY, adapters, Set.of(), top,
                Optional.empty());
    }

    private static Heard submit(TensorRtEngine engine, EngineRequest request) {
        Heard heard = new Heard();
        assertTrue(engine.submit(request, heard) instanceof Submission.Accepted);
        return heard;
    }

    private static EngineAdapter adapter(String name) {
        Path folder = EchoEngines.SHARED.resolve("adapters").resolve(name);
        return new EngineAdapter(name, 1, "sha256:" + name, 1, () -> folder);
    }

    @Test
    void aStreamIsWholeAndAccountedFor() {
        try (TensorRtEngine engine = open("")) {
            Heard heard = submit(engine, request(List.of(), 7, 3, 5, 6, 7));
            Finished end = heard.end.join();
            assertEquals(List.of(5, 6, 7, 6, 7, 8, 7), heard.ids());
            assertEquals(Finished.Reason.LENGTH, end.reason());
            assertEquals(3, end.promptTokens());
            assertEquals(7, end.generatedTokens());
            GeneratedToken first = heard.tokens.getFirst();
            assertEquals(3, first.top().size());
            assertEquals(first.id(), first.top().getFirst().id());
            assertEquals(8.0, first.logprob() + first.logsumexp(), 1e-4);
            EngineStatus.Totals totals = engine.status().totals();
            assertEquals(7, totals.generatedTokens());
            assertEquals(3, totals.promptTokens());
            assertTrue(end.engineMicros() <= totals.busyMicros());
        }
    }

    @Test
    void tokensBeyondAnAllowanceAreWithheldUntilItIsRaisedOrDropped() {
        try (TensorRtEngine engine = open("")) {
            List<Heard> held = List.of(new Heard(), new Heard());
            List<Long> ids = held.stream().map(heard -> ((Submission.Accepted) engine.submit(new EngineRequest("test",
                    "tenant", new int[] {5, 6, 7}, 7, Sampling.GREEDY, List.of(), Set.of(), 0, Optional.empty(), 2),
                    heard)).sequenceId()).toList();
            Heard other = submit(engine, request(List.of(), 7, 0, 5, 6, 7));
            assertEquals(7, other.end.join().generatedTokens());
            assertEquals(List.of(List.of(5, 6), List.of(5, 6)), held.stream().map(Heard::ids).toList());
            engine.allow(ids.getFirst(), 7);
            assertEquals(Finished.Reason.LENGTH, held.getFirst().end.join().reason());
            assertEquals(other.ids(), held.getFirst().ids());
            engine.cancel(ids.getLast());
            assertEquals(Finished.Reason.CANCELLED, held.getLast().end.join().reason());
            assertEquals(2, held.getLast().end.join().generatedTokens());
        }
    }

    @Test
    void eachAdapterAnswersAsItselfAndTheBaseAsNone() {
        try (TensorRtEngine engine = open("adapters=1")) {
            List<Integer> none = run(engine, List.of());
            List<Integer> one = run(engine, List.of(adapter("l3-r4-qv")));
            List<Integer> other = run(engine, List.of(adapter("l3-r16-all")));
            assertNotEquals(none, one);
            assertNotEquals(one, other);
            assertEquals(one, run(engine, List.of(adapter("l3-r4-qv"))), "after it was evicted by the other");
            assertEquals(none, run(engine, List.of()));
            Set<String> resident = new HashSet<>();
            engine.status().adapters().forEach(each -> resident.add(each.digest() + each.tier() + each.running()));
            assertEquals(Set.of("sha256:l3-r4-qvDEVICE0", "sha256:l3-r16-allDEVICE0"), resident);
            engine.evict("sha256:l3-r4-qv");
            assertEquals(1, engine.status().adapters().size());
        }
    }

    private static List<Integer> run(TensorRtEngine engine, List<EngineAdapter> adapters) {
        Heard heard = submit(engine, request(adapters, 4, 0, 100));
        assertEquals(Finished.Reason.LENGTH, heard.end.join().reason(), heard.end.join().failure().orElse(""));
        return heard.ids();
    }

    @Test
    void adaptersMakeRoomForEachOtherInHostMemory() {
        // l3-r16-all alone has 301 kB as float32: of the two only one fits.
        try (TensorRtEngine engine = open("adapters=2", 350_000)) {
            List<Integer> one = run(engine, List.of(adapter("l3-r16-all")));
            List<Integer> other = run(engine, List.of(adapter("l3-dora-r8")));
            assertEquals(1, engine.status().adapters().size());
            assertEquals(one, run(engine, List.of(adapter("l3-r16-all"))));
            assertEquals(other, run(engine, List.of(adapter("l3-dora-r8"))));
        }
        try (TensorRtEngine engine = open("adapters=2", 1000)) {
            Finished end = submit(engine, request(List.of(adapter("l3-r4-qv")), 4, 0, 1)).end.join();
            assertEquals(Finished.Reason.FAILED, end.reason());
            assertTrue(end.failure().orElseThrow().contains("engine.adapter-host-bytes"), end.toString());
        }
    }

    @Test
    void anAdapterItCanNotTakeFailsItsRequestByName() {
        try (TensorRtEngine engine = open("")) {
            Finished end = submit(engine, request(List.of(adapter("l3-modules-to-save")), 4, 0, 1)).end.join();
            assertEquals(Finished.Reason.FAILED, end.reason());
            assertTrue(end.failure().orElseThrow().contains("can't be served by TensorRT-LLM"), end.toString());
            assertEquals(List.of(1), submitAndHear(engine, 1));
        }
    }

    private static List<Integer> submitAndHear(TensorRtEngine engine, int token) {
        Heard heard = submit(engine, request(List.of(), 1, 0, token));
        heard.end.join();
        return heard.ids();
    }

    @Test
    void cancellingAFullEngineAndClosingEndEverySequenceOnce() {
        List<Heard> all = new ArrayList<>();
        try (TensorRtEngine engine = open("stall=9 running=4")) {
            List<Long> ids = new ArrayList<>();
            Submission last = new Submission.Accepted(0);
            while (last instanceof Submission.Accepted accepted) {
                Heard heard = new Heard();
                last = engine.submit(request(List.of(), 10, 0, 9), heard);
                if (last instanceof Submission.Accepted now) {
                    ids.add(now.sequenceId());
                    all.add(heard);
                }
                assertTrue(accepted.sequenceId() < 1000);
            }
            assertEquals(64, all.size(), "maxRunning + maxWaiting");
            for (int i = 0; i < 32; i++) engine.cancel(ids.get(i));
            for (int i = 0; i < 32; i++) assertEquals(Finished.Reason.CANCELLED, all.get(i).end.join().reason());
        }
        for (Heard heard : all) assertEquals(Finished.Reason.CANCELLED, heard.end.join().reason());
    }

    @Test
    void aFailureEndsItsOwnAnswerAndABrokenExecutorStopsTheEngine() {
        try (TensorRtEngine engine = open("fail=9")) {
            Heard fails = submit(engine, request(List.of(), 5, 0, 9));
            Heard goesOn = submit(engine, request(List.of(), 5, 0, 8));
            assertTrue(fails.end.join().failure().orElseThrow().contains("forward function"));
            assertEquals(Finished.Reason.LENGTH, goesOn.end.join().reason());
            assertTrue(engine.status().healthy());
        }
        try (TensorRtEngine engine = open("stall=9 break-after=1")) {
            Finished end = submit(engine, request(List.of(), 5, 0, 9)).end.join();
            assertEquals(Finished.Reason.FAILED, end.reason());
            while (engine.status().healthy()) Thread.onSpinWait();
        }
    }

    @Test
    void sharesAndIdleTimeAddUpToTheWallClock() {
        BusyTime time = new BusyTime(1000);
        BusyTime.Share a = time.start(1007);
        BusyTime.Share b = time.start(1010);
        BusyTime.Share c = time.start(1021);
        time.end(a, 1031);
        time.end(b, 1038);
        time.end(c, 1040);
        time.count(1050);
        assertEquals(17, time.idleMicros());
        assertEquals(33, time.busyMicros());
        assertEquals(33, a.micros() + b.micros() + c.micros());
    }

    @Test
    void twentyThousandRequestsLeaveNothingBehind() throws Exception {
        stayFlat(20_000);
    }

    @Test
    @Tag("long")
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void aHundredThousandRequestsLeaveNothingBehind() throws Exception {
        stayFlat(100_000);
    }

    /** Heap after a collection, direct memory and open files, after a tenth of the requests and after all. */
    private static void stayFlat(int requests) throws Exception {
        try (TensorRtEngine engine = open("running=8 adapters=2 evict-every=7")) {
            List<EngineAdapter> adapters = List.of(adapter("l3-r4-qv"), adapter("l3-rslora-r8"), adapter("l3-dora-r8"));
            flood(engine, adapters, requests / 10);
            long[] before = held();
            flood(engine, adapters, requests - requests / 10);
            long[] after = held();
            System.out.printf("after %d and %d requests: heap %d and %d kB, direct %d and %d kB, files %d and %d%n",
                    requests / 10, requests, before[0] >> 10, after[0] >> 10, before[1] >> 10, after[1] >> 10,
                    before[2], after[2]);
            assertTrue(after[0] - before[0] < 8 << 20, "heap grows");
            assertTrue(after[1] - before[1] < 4 << 20, "direct memory grows");
            assertTrue(after[2] - before[2] < 8, "handles grow");
        }
    }

    private static void flood(TensorRtEngine engine, List<EngineAdapter> adapters, int requests) throws Exception {
        Semaphore room = new Semaphore(48);
        for (int i = 0; i < requests; i++) {
            room.acquire();
            List<EngineAdapter> which = i % 4 == 3 ? List.of() : List.of(adapters.get(i % 4));
            engine.submit(request(which, 1 + i % 5, 0, IntStream.range(1, 2 + i % 40).toArray()), new TokenSink() {
                @Override
                public void token(GeneratedToken token) { }

                @Override
                public void finished(Finished finished) {
                    if (finished.failure().isPresent()) throw new AssertionError(finished.failure().get());
                    room.release();
                }
            });
        }
        room.acquire(48);
    }

    private static long[] held() throws IOException {
        for (int i = 0; i < 3; i++) System.gc();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct")).mapToLong(BufferPoolMXBean::getMemoryUsed).sum();
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return new long[] {Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory(), direct,
                files.count()};
        }
    }
}
