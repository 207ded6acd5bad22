package graft.adapters.shadow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.BaseModel;
import graft.engine.EngineAdapter;
import graft.engine.FakeEngine;
import graft.engine.Finished;
import graft.engine.Sampling;
import graft.engine.ToyModel;
import graft.registry.catalog.AdapterDao;
import graft.registry.catalog.AdapterVersionDao;
import graft.registry.catalog.AdapterVersionDao.NewFile;
import graft.registry.catalog.AdapterVersionDao.NewVersion;
import graft.registry.catalog.Provenance;
import graft.registry.catalog.ShadowDao;
import graft.registry.catalog.ShadowDao.Comparison;
import graft.registry.catalog.VersionFile;
import graft.registry.catalog.VersionMetadata;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ShadowTrafficIT {
    private static final int VOCABULARY = 64;
    private static final String EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private TestDatabase test;
    private ShadowDao dao;
    private String owner;
    private FakeEngine engine;
    private final List<Finished> billed = new CopyOnWriteArrayList<>();

    @BeforeEach
    void open() {
        test = TestDatabase.open();
        dao = new ShadowDao(test.database());
        owner = new TenantDao(test.database()).create("test", "owner").id();
        new AdapterVersionDao(test.database()).publish(owner, new NewVersion("a", "toy", false, EMPTY, "sha256:b", 4,
                List.of("q_proj"), "{}", VersionMetadata.NONE, Provenance.UNKNOWN, List.of(), "k", Optional.empty(),
                List.of(new NewFile(new VersionFile("f", EMPTY, 0), () -> new ByteArrayInputStream(new byte[0])))));
        engine = new FakeEngine(new BaseModel("toy", "sha256:toy", 512, VOCABULARY, Set.of(63)),
                ToyModel.byAdapter(ToyModel.saying(VOCABULARY, 1, 2, 3),
                        Map.of("same", ToyModel.saying(VOCABULARY, 7, 8, 9), "other",
                                ToyModel.saying(VOCABULARY, 7, 5, 5, 5))));
    }

    @AfterEach
    void close() {
        engine.close();
        test.close();
    }

    private ShadowTraffic traffic(int queue, Duration patience, int kept) {
        return new ShadowTraffic(dao, (job, finished) -> billed.add(finished),
                new ShadowTraffic.Limits(queue, patience, kept));
    }

    /** A real answer of 7 8 9 and the end, to be compared with what this candidate says. */
    private ShadowJob job(String candidate, String requestId) {
        return new ShadowJob(requestId, "asker", owner, "a", "production", 1,
                new EngineAdapter(candidate, 2, "sha256:" + candidate, 1, () -> Path.of("never-read")), engine,
                new int[] {4, 4}, 16, Sampling.GREEDY, Set.of(63), List.of(7, 8, 9, 63), 1000, Arrays::toString);
    }

    private static void await(BooleanSupplier condition) {
        for (long end = System.nanoTime() + 30_000_000_000L; !condition.getAsBoolean();) {
            assertTrue(System.nanoTime() < end, "waited too long");
            Thread.onSpinWait();
        }
    }

    private List<Comparison> stored() {
        return dao.list(owner, "a", "production", Long.MAX_VALUE, 100).stream().map(ShadowDao.Stored::comparison)
                .toList();
    }

    @Test
    void candidatesAreComparedTokenByTokenBilledApartAndOnlyTheNewestAreKept() {
        try (ShadowTraffic traffic = traffic(10, Duration.ofSeconds(30), 2)) {
            traffic.offer(job("same", "req_1"));
            traffic.offer(job("same", "req_2"));
            traffic.offer(job("other", "req_3"));
            await(() -> traffic.counts().get("compared") == 3);
        }
        List<Comparison> stored = stored();
        assertEquals(List.of("req_3", "req_2"), stored.stream().map(Comparison::requestId).toList());
        assertEquals(Optional.of(1), stored.getFirst().firstDifference());
        assertEquals("[7, 5, 5, 5, 63]", stored.getFirst().shadowAnswer());
        assertEquals(5, stored.getFirst().shadowTokens());
        assertEquals(Optional.empty(), stored.get(1).firstDifference());
        assertEquals("[7, 8, 9, 63]", stored.get(1).answer());
        assertEquals(3, billed.size());
        assertEquals(4, billed.getFirst().generatedTokens());
    }

    @Test
    void whatFindsNoPlaceOrNoIdleEngineIsDroppedAndCounted() {
        engine.pause();
        try (ShadowTraffic traffic = traffic(2, Duration.ofMillis(300), 10)) {
            for (int i = 0; i < 20; i++) traffic.offer(job("same", "req_" + i));
            await(() -> traffic.counts().get("dropped") >= 17);
            engine.resume();
            await(() -> traffic.counts().values().stream().mapToLong(Long::longValue).sum() == 20);
            assertEquals(0L, traffic.counts().get("failed"));
        }
    }

    @Test
    void aComparisonOfAnAdapterThatIsGoneIsNotKept() {
        new AdapterDao(test.database()).delete(owner, "a", "k");
        try (ShadowTraffic traffic = traffic(2, Duration.ofSeconds(30), 10)) {
            traffic.offer(job("same", "req_1"));
            await(() -> traffic.counts().get("compared") == 1);
        }
        assertEquals(List.of(), stored());
    }
}
