package graft.metering.costs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.BaseModel;
import graft.engine.EngineRequest;
import graft.engine.EngineTime;
import graft.engine.FakeEngine;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import graft.engine.TokenSink;
import graft.engine.ToyModel;
import graft.registry.costs.EngineTimeDao;
import graft.registry.testing.TestDatabase;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EngineTimeMeterIT {
    private static void generate(FakeEngine engine, String tenant) {
        CompletableFuture<Finished> end = new CompletableFuture<>();
        engine.submit(new EngineRequest("r", tenant, new int[] {1, 2, 3}, 200, Sampling.GREEDY, List.of(), Set.of(), 0,
                Optional.empty()), new TokenSink() {
                    @Override
                    public void token(GeneratedToken token) {}

                    @Override
                    public void finished(Finished finished) {
                        end.complete(finished);
                    }
                });
        end.join();
    }

    @Test
    void tenantsIdleAndTheRestAddUpToTheWallClockToTheMicrosecond() {
        try (TestDatabase test = TestDatabase.open(); FakeEngine engine = new FakeEngine(new BaseModel("toy",
                "sha256:0", 512, 100, Set.of()), ToyModel.hashing(100))) {
            EngineTimeDao times = new EngineTimeDao(test.database());
            try (EngineTimeMeter meter = new EngineTimeMeter(times, List.of(engine), "process", Duration.ofHours(1),
                    Clock.systemUTC())) {
                for (String tenant : List.of("one", "two", EngineTime.PROBE + "1", "one")) {
                    generate(engine, tenant);
                    meter.checkpoint();
                    assertEquals(0, missing(test), "after " + tenant);
                }
            }
            assertEquals(0, missing(test));
            for (String account : List.of("tenant one", "tenant two", "idle ", "other ")) {
                long micros = test.database().asOperator(handle -> handle.createQuery("SELECT sum(micros) FROM "
                        + "engine_time WHERE account || ' ' || tenant_id = :account").bind("account", account)
                        .mapTo(Long.class).one());
                assertTrue(micros > 0, account);
            }
            assertEquals(List.of("one", "two"), test.database().asOperator(handle -> handle.createQuery(
                    "SELECT DISTINCT tenant_id FROM engine_time WHERE account = 'tenant' ORDER BY 1")
                    .mapTo(String.class).list()), "the server's own probe is no tenant");
            long engineWall = test.database().asOperator(handle -> handle.createQuery(
                    "SELECT wall_micros FROM engine_run").mapTo(Long.class).one());
            assertTrue(engineWall <= engine.time().join().wall(), "more time than there was");
        }
    }

    private static long missing(TestDatabase test) {
        return test.database().asOperator(handle -> handle.createQuery("SELECT (SELECT sum(wall_micros) FROM "
                + "engine_run) - (SELECT sum(micros) FROM engine_time)").mapTo(Long.class).one());
    }
}
