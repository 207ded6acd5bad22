package graft.metering.costs;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;

/** Gauges under the names that OpenCost gives the cost of models, in units of the currency. */
public final class CostGauges {
    private CostGauges() {}

    /** Asked at every scrape. */
    @FunctionalInterface
    public interface Rates {
        List<Rate> now();
    }

    /**
     * @param hourly     of the model's device
     * @param perMillion of tokens computed or found in the cache since the engine started; NaN before the first
     */
    public record Rate(String base, String device, String currency, double hourly, double perMillion) {}

    public static void register(PrometheusRegistry registry, Rates rates) {
        GaugeWithCallback.builder().name("llm_total_hourly_cost").help("Cost of an hour of the model's device.")
                .labelNames("model_name", "device", "currency").callback(gauge -> rates.now().forEach(rate ->
                        gauge.call(rate.hourly(), rate.base(), rate.device(), rate.currency()))).register(registry);
        GaugeWithCallback.builder().name("llm_cost_per_million_tokens")
                .help("Device cost since the engine started, idle time included, by a million tokens served.")
                .labelNames("model_name", "device", "currency").callback(gauge -> rates.now().forEach(rate ->
                        gauge.call(rate.perMillion(), rate.base(), rate.device(), rate.currency()))).register(registry);
    }
}
