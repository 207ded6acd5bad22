package graft.engine.tensorrt;

import graft.engine.EngineAdapter;
import graft.engine.Workers;
import graft.weights.AdapterTarget;
import graft.weights.ModelFiles;
import graft.weights.PeftAdapter;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** Reads adapters' files and packs them for one engine, on a few threads that give way to others. */
final class AdapterPacking implements AutoCloseable {
    private static final int PACKERS = 2;
    /** How large a rank may be was decided at its upload; packing tests the engine's own limit. */
    private static final PeftAdapter.Limits ANY_RANK = new PeftAdapter.Limits(PeftAdapter.Limits.DEFAULT.headerBytes(),
            Integer.MAX_VALUE, PeftAdapter.Limits.DEFAULT.patternSteps());

    private final EngineFolder engine;
    private final ModelFiles files;
    private final Workers packers = new Workers("adapter-pack", PACKERS, Workers.BEHIND);

    /** @param files the base's, open as long as this is used */
    AdapterPacking(EngineFolder engine, ModelFiles files) {
        this.engine = engine;
        this.files = files;
    }

    /** Several are one whose ranks lie behind each other. Waits for a free thread. */
    PackedAdapter pack(List<EngineAdapter> adapters) {
        return packers.call(() -> packed(adapters));
    }

    private PackedAdapter packed(List<EngineAdapter> adapters) {
        if (engine.maxAdapterRank() == 0)
            throw new UnsupportedEngineException("the engine was built without --lora_plugin");
        AdapterTarget target = AdapterTarget.of(files.config());
        List<LoraPacking.Part> parts = new ArrayList<>();
        try (Arena mapping = Arena.ofConfined()) {
            for (EngineAdapter adapter : adapters) {
                PeftAdapter read = PeftAdapter.read(adapter.files().folder(), target, ANY_RANK, mapping);
                parts.add(new LoraPacking.Part(read, adapter.scale()));
            }
            return new LoraPacking(engine, path -> files.tensors().floats(path + ".weight")).pack(parts);
        }
    }

    @Override
    public void close() {
        packers.close();
    }
}
