package graft.metering;

import graft.engine.EngineStatus;
import graft.engine.EngineStatus.ResidentAdapter;
import graft.engine.EngineStatus.Tier;
import graft.engine.InferenceEngine;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Reads each engine's status when it is scraped. The {@code vllm:} names are those the endpoint picker of the Gateway
 * API Inference Extension reads; {@code running_lora_adapters} names what is on the device, running or not, so that an
 * idle warm adapter still draws its requests. Any thread may call.
 */
final class EngineMetrics {
    private final List<InferenceEngine> engines = new CopyOnWriteArrayList<>();
    private final Map<String, Residents> residents = new ConcurrentHashMap<>();
    private final AskedNames asked;
    private final PrometheusRegistry registry;
    private final Clock clock;

    /** @param since seconds since 1970 */
    private record Residents(String names, double since) {}

    EngineMetrics(PrometheusRegistry registry, AskedNames asked, Clock clock) {
        this.asked = asked;
        this.registry = registry;
        this.clock = clock;
        gauge("graft_engine_running", "base", "Sequences in the batch.", EngineStatus::running);
        gauge("graft_engine_waiting", "base", "Sequences not yet in a batch.", EngineStatus::waiting);
        gauge("graft_engine_healthy", "base", "0 once a broken invariant stopped it.", s -> s.healthy() ? 1 : 0);
        gauge("graft_kv_blocks_total", "base", "KV blocks of the pool.", s -> s.blocks().total());
        gauge("graft_kv_blocks_free", "base", "KV blocks that can be taken.", s -> s.blocks().free());
        gauge("graft_kv_blocks_cached", "base", "Free KV blocks that hold a prefix.", s -> s.blocks().cached());
        counter("graft_engine_steps", "base", "Forward passes.", s -> s.totals().steps());
        counter("graft_engine_busy_seconds", "base", "Wall clock in steps.", s -> s.totals().busyMicros() / 1e6);
        counter("graft_engine_idle_seconds", "base", "Wall clock without work.", s -> s.totals().idleMicros() / 1e6);
        counter("graft_adapter_loads", "base", "Adapters brought onto the device.", s -> s.totals().adapterLoads());
        counter("graft_engine_drafted_tokens", "base", "Tokens computed ahead of what was certain.",
                s -> s.totals().draftedTokens());
        counter("graft_engine_accepted_tokens", "base", "Those of them that became part of an answer.",
                s -> s.totals().acceptedTokens());
        gauge("vllm:num_requests_running", "model_name", "Sequences in the batch.", EngineStatus::running);
        gauge("vllm:num_requests_waiting", "model_name", "Sequences not yet in a batch.", EngineStatus::waiting);
        gauge("vllm:kv_cache_usage_perc", "model_name", "Share of KV blocks in use, 0 to 1.", EngineMetrics::kvUsage);
        counter("vllm:num_preemptions", "model_name", "Sequences whose blocks were taken.",
                s -> s.totals().preemptions());
        counter("vllm:prefix_cache_queries", "model_name", "Prompt tokens looked up.",
                s -> s.totals().promptTokens() + s.totals().cachedPromptTokens());
        counter("vllm:prefix_cache_hits", "model_name", "Prompt tokens found.", s -> s.totals().cachedPromptTokens());
        counter("vllm:spec_decode_num_draft_tokens", "model_name", "Tokens computed ahead of what was certain.",
                s -> s.totals().draftedTokens());
        counter("vllm:spec_decode_num_accepted_tokens", "model_name", "Those of them that became part of an answer.",
                s -> s.totals().acceptedTokens());
        adapters();
    }

    private static double kvUsage(EngineStatus status) {
        EngineStatus.Blocks blocks = status.blocks();
        return blocks.total() == 0 ? 0 : (double) (blocks.total() - blocks.free()) / blocks.total();
    }

    void observe(InferenceEngine engine) {
        engines.add(engine);
    }

    private static String base(InferenceEngine engine) {
        return engine.model().id();
    }

    private void gauge(String name, String label, String help, ToDoubleFunction<EngineStatus> value) {
        GaugeWithCallback.builder().name(name).help(help).labelNames(label).callback(gauge -> {
            for (InferenceEngine one : engines) gauge.call(value.applyAsDouble(one.status()), base(one));
        }).register(registry);
    }

    private void counter(String name, String label, String help, ToDoubleFunction<EngineStatus> value) {
        CounterWithCallback.builder().name(name).help(help).labelNames(label).callback(counter -> {
            for (InferenceEngine one : engines) counter.call(value.applyAsDouble(one.status()), base(one));
        }).register(registry);
    }

    private void adapters() {
        GaugeWithCallback.builder().name("graft_adapter_resident_bytes").help("Tensors of an adapter in a tier.")
                .labelNames("base", "adapter", "tier").callback(gauge -> {
                    for (InferenceEngine one : engines)
                        for (ResidentAdapter adapter : one.status().adapters())
                            gauge.call(adapter.bytes(), base(one), adapter.name() + "@" + adapter.version(),
                                    adapter.tier() == Tier.DEVICE ? "device" : "host");
                }).register(registry);
        GaugeWithCallback.builder().name("vllm:cache_config_info").help("Geometry of the KV pool.")
                .labelNames("model_name", "block_size", "num_gpu_blocks").callback(gauge -> {
                    for (InferenceEngine one : engines) {
                        EngineStatus.Blocks blocks = one.status().blocks();
                        gauge.call(1, base(one), Integer.toString(blocks.tokensPerBlock()),
                                Integer.toString(blocks.total()));
                    }
                }).register(registry);
        GaugeWithCallback.builder().name("vllm:lora_requests_info")
                .help("Adapters on the device; the value is the unix time of the last change.")
                .labelNames("model_name", "max_lora", "running_lora_adapters", "waiting_lora_adapters")
                .callback(gauge -> {
                    for (InferenceEngine one : engines) {
                        EngineStatus status = one.status();
                        Residents now = residents(base(one), status);
                        gauge.call(now.since(), base(one), Integer.toString(status.mostAdapters()), now.names(), "");
                    }
                }).register(registry);
    }

    /** Each once, as its requests name it: the endpoint picker compares with a request's "model", and counts. */
    private Residents residents(String base, EngineStatus status) {
        String names = status.adapters().stream().filter(adapter -> adapter.tier() == Tier.DEVICE)
                .map(adapter -> asked.of(adapter.digest()).orElse(adapter.name()))
                .distinct().sorted().collect(Collectors.joining(","));
        return residents.merge(base, new Residents(names, clock.millis() / 1e3),
                (before, fresh) -> before.names().equals(fresh.names()) ? before : fresh);
    }
}
