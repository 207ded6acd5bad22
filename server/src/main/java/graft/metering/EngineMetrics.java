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
import java.util.stream.Stream;

/**
 * Reads each engine's status when it is scraped. The {@code vllm:} names are those the endpoint picker of the Gateway
 * API Inference Extension reads; {@code running_lora_adapters} names what is on the device, running or not, so that an
 * idle warm adapter still draws its requests. Any thread may call.
 */
final class EngineMetrics {
    private final List<Observed> engines = new CopyOnWriteArrayList<>();
    private final Map<String, Residents> residents = new ConcurrentHashMap<>();
    private final PrometheusRegistry registry;
    private final Clock clock;

    private record Observed(InferenceEngine engine, int mostAdapters) {
        String base() {
            return engine.model().id();
        }
    }

    /** @param since seconds since 1970 */
    private record Residents(String names, double since) {}

    EngineMetrics(PrometheusRegistry registry, Clock clock) {
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
        gauge("vllm:num_requests_running", "model_name", "Sequences in the batch.", EngineStatus::running);
        gauge("vllm:num_requests_waiting", "model_name", "Sequences not yet in a batch.", EngineStatus::waiting);
        gauge("vllm:kv_cache_usage_perc", "model_name", "Share of KV blocks in use, 0 to 1.", EngineMetrics::kvUsage);
        counter("vllm:num_preemptions", "model_name", "Sequences whose blocks were taken.",
                s -> s.totals().preemptions());
        counter("vllm:prefix_cache_queries", "model_name", "Prompt tokens looked up.",
                s -> s.totals().promptTokens() + s.totals().cachedPromptTokens());
        counter("vllm:prefix_cache_hits", "model_name", "Prompt tokens found.", s -> s.totals().cachedPromptTokens());
        adapters();
    }

    private static double kvUsage(EngineStatus status) {
        EngineStatus.Blocks blocks = status.blocks();
        return blocks.total() == 0 ? 0 : (double) (blocks.total() - blocks.free()) / blocks.total();
    }

    /** @param mostAdapters that fit on the device at once */
    void observe(InferenceEngine engine, int mostAdapters) {
        engines.add(new Observed(engine, mostAdapters));
    }

    private void gauge(String name, String label, String help, ToDoubleFunction<EngineStatus> value) {
        GaugeWithCallback.builder().name(name).help(help).labelNames(label).callback(gauge -> {
            for (Observed one : engines) gauge.call(value.applyAsDouble(one.engine().status()), one.base());
        }).register(registry);
    }

    private void counter(String name, String label, String help, ToDoubleFunction<EngineStatus> value) {
        CounterWithCallback.builder().name(name).help(help).labelNames(label).callback(counter -> {
            for (Observed one : engines) counter.call(value.applyAsDouble(one.engine().status()), one.base());
        }).register(registry);
    }

    private void adapters() {
        GaugeWithCallback.builder().name("graft_adapter_resident_bytes").help("Tensors of an adapter in a tier.")
                .labelNames("base", "adapter", "tier").callback(gauge -> {
                    for (Observed one : engines)
                        for (ResidentAdapter adapter : one.engine().status().adapters())
                            gauge.call(adapter.bytes(), one.base(), adapter.name() + "@" + adapter.version(),
                                    adapter.tier() == Tier.DEVICE ? "device" : "host");
                }).register(registry);
        GaugeWithCallback.builder().name("vllm:cache_config_info").help("Geometry of the KV pool.")
                .labelNames("model_name", "block_size", "num_gpu_blocks").callback(gauge -> {
                    for (Observed one : engines) {
                        EngineStatus.Blocks blocks = one.engine().status().blocks();
                        gauge.call(1, one.base(), Integer.toString(blocks.tokensPerBlock()),
                                Integer.toString(blocks.total()));
                    }
                }).register(registry);
        GaugeWithCallback.builder().name("vllm:lora_requests_info")
                .help("Adapters on the device; the value is the unix time of the last change.")
                .labelNames("model_name", "max_lora", "running_lora_adapters", "waiting_lora_adapters")
                .callback(gauge -> {
                    for (Observed one : engines) {
                        Residents now = residents(one);
                        gauge.call(now.since(), one.base(), Integer.toString(one.mostAdapters()), now.names(), "");
                    }
                }).register(registry);
    }

    /** By version and by plain name, as requests may name either. */
    private Residents residents(Observed one) {
        String names = one.engine().status().adapters().stream().filter(adapter -> adapter.tier() == Tier.DEVICE)
                .flatMap(adapter -> Stream.of(adapter.name() + "@" + adapter.version(), adapter.name()))
                .distinct().sorted().collect(Collectors.joining(","));
        return residents.merge(one.base(), new Residents(names, clock.millis() / 1e3),
                (before, fresh) -> before.names().equals(fresh.names()) ? before : fresh);
    }
}
