package graft.metering;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.BaseModel;
import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.EngineStatus;
import graft.engine.EngineStatus.ResidentAdapter;
import graft.engine.EngineStatus.Tier;
import graft.engine.FakeEngine;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import graft.engine.TokenSink;
import graft.engine.ToyModel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EngineMetricsTest {
    private static final BaseModel MODEL = new BaseModel("toy", "sha256:toy", 100, 40, Set.of(0));

    @Test
    void anIdleResidentAdapterIsListedOnceByTheNameItsRequestsUse() throws Exception {
        Metrics metrics = new Metrics(10);
        try (FakeEngine engine = new FakeEngine(MODEL, ToyModel.hashing(40))) {
            metrics.observe(engine);
            assertTrue(lora(metrics).contains("running_lora_adapters=\"\""), lora(metrics));
            metrics.asked("sha256:a", "triage");
            metrics.asked("sha256:b", "triage@canary");
            metrics.asked("sha256:c", "never-loaded");
            for (String name : List.of("a", "b", "d")) answer(engine, name);
            assertEquals(0, engine.status().running());
            assertTrue(lora(metrics).contains("running_lora_adapters=\"d,triage,triage@canary\""), lora(metrics));
            metrics.asked("sha256:a", "triage@3");
            assertTrue(lora(metrics).contains("running_lora_adapters=\"d,triage@3,triage@canary\""), lora(metrics));
        }
    }

    @Test
    void theNamesRememberedAreBoundedAndTheOneAskedLongestAgoGoes() {
        AskedNames names = new AskedNames(2);
        names.put("a", "A");
        names.put("b", "B");
        names.put("a", "A2");
        names.put("c", "C");
        assertEquals(List.of(Optional.of("A2"), Optional.empty(), Optional.of("C")),
                List.of(names.of("a"), names.of("b"), names.of("c")));
    }

    @Test
    void howManyAdaptersFitIsToldFromThoseThatAreThere() {
        assertEquals(7, EngineStatus.fitting(List.of(), 100, 7));
        ResidentAdapter small = adapter("a", Tier.DEVICE, 10);
        ResidentAdapter large = adapter("b", Tier.DEVICE, 30);
        assertEquals(10, EngineStatus.fitting(List.of(small), 100, 7));
        assertEquals(2 + 3, EngineStatus.fitting(List.of(small, large), 100, 7));
        assertEquals(1 + 4, EngineStatus.fitting(List.of(small, adapter("b", Tier.HOST, 30)), 100, 7));
        assertEquals(1, EngineStatus.fitting(List.of(adapter("c", Tier.DEVICE, 100)), 100, 7));
    }

    private static ResidentAdapter adapter(String name, Tier tier, long bytes) {
        return new ResidentAdapter("", name, 1, "sha256:" + name, tier, bytes, 0);
    }

    private static void answer(FakeEngine engine, String name) throws Exception {
        CompletableFuture<Finished> end = new CompletableFuture<>();
        EngineAdapter adapter = new EngineAdapter(name, 1, "sha256:" + name, 1, () -> Path.of("none"));
        engine.submit(new EngineRequest(name, "t", new int[] {1, 2, 3}, 2, Sampling.GREEDY, List.of(adapter), Set.of(),
                0, Optional.empty()), sink(end));
        end.get(20, TimeUnit.SECONDS);
    }

    private static String lora(Metrics metrics) {
        return new String(metrics.scrape("").body(), StandardCharsets.UTF_8).lines()
                .filter(line -> line.startsWith("vllm:lora_requests_info{")).findFirst().orElseThrow();
    }

    private static TokenSink sink(CompletableFuture<Finished> end) {
        return new TokenSink() {
            @Override
            public void token(GeneratedToken token) {}

            @Override
            public void finished(Finished finished) {
                end.complete(finished);
            }
        };
    }
}
