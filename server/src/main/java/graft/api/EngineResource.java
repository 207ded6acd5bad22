package graft.api;

import graft.engine.EngineStatus;
import graft.engine.InferenceEngine;
import graft.registry.tenant.Scope;
import java.util.List;
import java.util.Locale;

/** What the engines are doing now. The top level is the first engine; {@code engines} has one entry a base model. */
final class EngineResource implements Resource {
    private final List<InferenceEngine> engines;

    /** @param engines at least one */
    EngineResource(List<InferenceEngine> engines) {
        this.engines = engines;
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.get("/admin/v1/engine", Scope.ADMIN, this::get));
    }

    record EngineBody(String base, String engine, String precision, String device, boolean healthy, int running,
            int waiting, BlocksBody kvBlocks, MemoryBody memory, List<ResidentBody> adapters,
            List<EngineBody> engines) {
        static EngineBody of(InferenceEngine engine, List<EngineBody> all) {
            EngineStatus status = engine.status();
            EngineStatus.Blocks blocks = status.blocks();
            EngineStatus.Memory memory = status.memory();
            return new EngineBody(engine.model().id(), status.engine(), status.precision(), status.device(),
                    status.healthy(), status.running(), status.waiting(),
                    new BlocksBody(blocks.total(), blocks.free(), blocks.cached(), blocks.tokensPerBlock()),
                    new MemoryBody(memory.weightBytes(), memory.kvBlockBytes() * blocks.total()),
                    status.adapters().stream().map(adapter -> new ResidentBody(
                            adapter.owner().isEmpty() ? null : adapter.owner(), adapter.name(), adapter.version(),
                            adapter.digest(), adapter.tier().name().toLowerCase(Locale.ROOT), adapter.bytes(),
                            adapter.running())).toList(), all);
        }
    }

    /** Bytes; 0 for what the engine does not tell. */
    record MemoryBody(long weightBytes, long kvBytes) {}

    record BlocksBody(int total, int free, int cached, int tokensPerBlock) {}

    /** @param tenant whose it is; null if it is nobody's */
    record ResidentBody(String tenant, String name, int version, String digest, String tier, long bytes, int running) {}

    private void get(Exchange exchange) {
        exchange.ok(state(engines));
    }

    static EngineBody state(List<InferenceEngine> engines) {
        List<EngineBody> all = engines.stream().map(engine -> EngineBody.of(engine, List.of())).toList();
        return EngineBody.of(engines.getFirst(), all);
    }
}
