package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.BaseModel;
import graft.engine.EngineRequest;
import graft.engine.EngineStatus;
import graft.engine.FakeEngine;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import graft.engine.TokenSink;
import graft.engine.ToyModel;
import graft.metering.Metrics;
import graft.metering.costs.CostGauges;
import graft.registry.costs.CostBook;
import graft.registry.costs.CostBookDao;
import graft.registry.testing.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The gauges that OpenCost's dashboards read, from the cost book and an engine's own counters. */
class CostRatesIT {
    @Test
    void anHourCostsWhatTheBookSaysAndAMillionTokensTheirShareOfAllHours() throws Exception {
        try (TestDatabase test = TestDatabase.open(); FakeEngine engine = new FakeEngine(
                new BaseModel("toy", "sha256:toy", 100, 40, Set.of(0)), ToyModel.hashing(40))) {
            CostBookDao books = new CostBookDao(test.database());
            CostRates rates = new CostRates(books, List.of(engine), Duration.ZERO);
            assertEquals(0, rates.now().getFirst().hourly());
            assertTrue(Double.isNaN(rates.now().getFirst().perMillion()), "no token yet");

            books.put("test", "EUR", List.of(new CostBook.Item(CostBook.Resource.DEVICE_HOUR, "", 2_500_000)));
            answer(engine);
            double before = hours(engine);
            CostGauges.Rate rate = rates.now().getFirst();
            double after = hours(engine);
            assertEquals("EUR", rate.currency());
            assertEquals(2.5, rate.hourly());
            EngineStatus.Totals totals = engine.status().totals();
            double millions = (totals.promptTokens() + totals.cachedPromptTokens() + totals.generatedTokens()) / 1e6;
            assertTrue(rate.perMillion() >= 2.5 * before / millions && rate.perMillion() <= 2.5 * after / millions,
                    rate + " between " + before + " and " + after + " hours");

            Metrics metrics = new Metrics(10);
            metrics.costs(rates);
            String text = new String(metrics.scrape("").body(), StandardCharsets.UTF_8);
            assertTrue(text.contains("llm_total_hourly_cost{currency=\"EUR\",device=\"" + rate.device()
                    + "\",model_name=\"toy\"} 2.5"), text);
            assertTrue(text.contains("llm_cost_per_million_tokens{currency=\"EUR\""), text);
        }
    }

    private static double hours(FakeEngine engine) {
        EngineStatus.Totals totals = engine.status().totals();
        return (totals.busyMicros() + totals.idleMicros()) / 3.6e9;
    }

    private static void answer(FakeEngine engine) throws Exception {
        CompletableFuture<Finished> end = new CompletableFuture<>();
        engine.submit(new EngineRequest("r", "t", new int[] {1, 2, 3}, 2, Sampling.GREEDY, List.of(), Set.of(), 0,
                Optional.empty()), new TokenSink() {
                    @Override
                    public void token(GeneratedToken token) {}

                    @Override
                    public void finished(Finished finished) {
                        end.complete(finished);
                    }
                });
        end.get(20, TimeUnit.SECONDS);
    }
}
