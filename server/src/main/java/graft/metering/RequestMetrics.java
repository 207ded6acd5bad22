package graft.metering;

import graft.registry.usage.Counters;
import graft.registry.usage.LedgerWrite;
import graft.registry.usage.UsageRequest;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/**
 * Counts finished requests as the ledger bills them, under our own names with tenant and adapter, and under the names
 * that dashboards for vLLM rely on with the base model. Any thread may call.
 */
final class RequestMetrics {
    private static final double[] LATENCY = {0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240,
        480};
    private static final double[] FIRST_TOKEN = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1,
        2.5, 5, 7.5, 10, 20, 40, 80, 160};
    private static final double[] BETWEEN_TOKENS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3,
        0.4, 0.5, 0.75, 1, 2.5, 5, 10};
    private static final double[] TOKENS = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000,
        50_000, 100_000};
    private static final double MILLION = 1e6;
    private final BoundedLabels tenants;
    private final BoundedLabels adapters;
    private final Counter requests;
    private final Counter consumed;
    private final Counter cost;
    private final Counter engineSeconds;
    private final Counter success;
    private final Counter promptTokens;
    private final Counter generationTokens;
    private final Histogram latency;
    private final Histogram queue;
    private final Histogram firstToken;
    private final Histogram betweenTokens;
    private final Counter pauses;
    private final Histogram requestPrompt;
    private final Histogram requestGeneration;

    RequestMetrics(PrometheusRegistry registry, int mostLabels) {
        tenants = new BoundedLabels(mostLabels);
        adapters = new BoundedLabels(mostLabels);
        requests = counter(registry, "graft_requests", "Settled requests.", "tenant", "base", "adapter", "operation",
                "ended");
        consumed = counter(registry, "graft_usage", "Billed quantity by component: tokens, or calls.", "tenant", "base",
                "adapter", "component");
        cost = counter(registry, "graft_cost_micros", "Billed, in millionths of the currency.", "tenant", "base",
                "adapter", "currency");
        engineSeconds = counter(registry, "graft_engine_time_seconds", "Engine time attributed to requests.", "tenant",
                "base", "adapter");
        success = counter(registry, "vllm:request_success", "Finished requests.", "model_name", "finished_reason");
        promptTokens = counter(registry, "vllm:prompt_tokens", "Prompt tokens.", "model_name");
        generationTokens = counter(registry, "vllm:generation_tokens", "Generated tokens.", "model_name");
        latency = histogram(registry, "vllm:e2e_request_latency_seconds", "From admission to settled.", LATENCY);
        queue = histogram(registry, "vllm:request_queue_time_seconds", "Waiting before the first step.", LATENCY);
        firstToken = histogram(registry, "vllm:time_to_first_token_seconds", "From admission.", FIRST_TOKEN);
        betweenTokens = histogram(registry, "vllm:inter_token_latency_seconds", "Between two tokens.", BETWEEN_TOKENS);
        pauses = counter(registry, "graft_ledger_pauses", "Answers held until their row was committed.", "model_name");
        requestPrompt = histogram(registry, "vllm:request_prompt_tokens", "Prompt tokens of a request.", TOKENS);
        requestGeneration = histogram(registry, "vllm:request_generation_tokens", "Generated tokens of a request.",
                TOKENS);
    }

    private static Counter counter(PrometheusRegistry registry, String name, String help, String... labels) {
        return Counter.builder().name(name).help(help).labelNames(labels).register(registry);
    }

    private static Histogram histogram(PrometheusRegistry registry, String name, String help, double[] bounds) {
        return Histogram.builder().name(name).help(help).labelNames("model_name").classicOnly()
                .classicUpperBounds(bounds).register(registry);
    }

    void firstToken(String base, long nanos) {
        firstToken.labelValues(base).observe(nanos / 1e9);
    }

    void nextToken(String base, long nanos) {
        betweenTokens.labelValues(base).observe(nanos / 1e9);
    }

    /** The engine holds an answer whose row is not committed. */
    void paused(String base) {
        pauses.labelValues(base).inc();
    }

    /** @param nanos from the opening of the row to its settling */
    void settled(UsageRequest request, Counters bill, UsageRecorder.Settled cost, String ended, LedgerWrite.Times times,
            long nanos) {
        String tenant = tenants.bounded(request.tenantId());
        String adapter = request.adapterName().isEmpty() ? "" : adapters.bounded(request.adapterName());
        String base = request.baseId();
        requests.labelValues(tenant, base, adapter, request.operation(), ended).inc();
        this.cost.labelValues(tenant, base, adapter, cost.currency()).inc(cost.costMicros());
        engineSeconds.labelValues(tenant, base, adapter).inc(times.engine() / MILLION);
        bill.amounts().forEach((component, quantity) ->
                consumed.labelValues(tenant, base, adapter, component.word()).inc(quantity));
        if (!request.operation().endsWith("completions")) return;
        promptTokens.labelValues(base).inc(bill.prefill() + bill.cachedPrefill());
        generationTokens.labelValues(base).inc(bill.decode());
        success.labelValues(base, finishedReason(ended)).inc();
        latency.labelValues(base).observe(nanos / 1e9);
        queue.labelValues(base).observe(times.queue() / MILLION);
        requestPrompt.labelValues(base).observe(bill.prefill() + bill.cachedPrefill());
        requestGeneration.labelValues(base).observe(bill.decode());
    }

    private static String finishedReason(String ended) {
        return switch (ended) {
            case "stop_token" -> "stop";
            case "length" -> "length";
            case "failed" -> "error";
            default -> "abort";
        };
    }
}
