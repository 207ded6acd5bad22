package graft.metering;

import graft.engine.InferenceEngine;
import graft.metering.costs.CostGauges;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.Map;
import java.util.function.Supplier;

/** What Prometheus scrapes: requests as they are billed, and engines as they stand. Any thread may call. */
public final class Metrics {
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ExpositionFormats formats = ExpositionFormats.init();
    private final AskedNames asked;
    private final RequestMetrics requests;
    private final EngineMetrics engines;

    /** @param mostLabels tenants, and adapters, with series of their own ({@code metering.most-labels}, 200) */
    public Metrics(int mostLabels) {
        requests = new RequestMetrics(registry, mostLabels);
        asked = new AskedNames(mostLabels);
        engines = new EngineMetrics(registry, asked, Clock.systemUTC());
        ProcessMetrics.register(registry);
    }

    public void observe(InferenceEngine engine) {
        engines.observe(engine);
    }

    /**
     * A request named an adapter so: routers look for that name among the resident ones.
     *
     * @param digest of the version that answers
     */
    public void asked(String digest, String model) {
        asked.put(digest, model);
    }

    /** @param counts of shadowed candidates' answers, by what became of them */
    public void observeShadows(Supplier<Map<String, Long>> counts) {
        CounterWithCallback.builder().name("graft_shadow_answers").help("Answers of shadowed candidates.")
                .labelNames("outcome").callback(counter -> counts.get().forEach((outcome, count) ->
                        counter.call(count, outcome))).register(registry);
    }

    /** What the installation pays an hour, and what a million tokens have cost it. */
    public void costs(CostGauges.Rates rates) {
        CostGauges.register(registry, rates);
    }

    RequestMetrics requests() {
        return requests;
    }

    public record Exposition(String contentType, byte[] body) {}

    /** @param accept of the scraper, which chooses the format; empty for the plain text format */
    public Exposition scrape(String accept) {
        ExpositionFormatWriter writer = formats.findWriter(accept);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            writer.write(body, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Exposition(writer.getContentType(), body.toByteArray());
    }
}
