package graft.engine.torch;

import graft.weights.ModelConfig;
import graft.weights.ModelFiles;
import graft.weights.RopeTable;
import java.util.HashMap;
import java.util.Map;

/** Fills a script with a model's weights, rope tables and empty KV pools. */
final class ModelLoader {
    /**
     * Up to so many rows libtorch's product with 8-bit codes is faster than making values of them first. Its operator
     * for this is a processor's: elsewhere values are always made.
     */
    private static final int FEW_ROWS = 16;
    /** Values made of codes at a time: what a processor's cache holds, or enough for a GPU to be busy. */
    private static final int CACHED_VALUES = 1 << 19;
    private static final int MANY_VALUES = 1 << 26;

    private final TorchModule module;
    private final Architecture architecture;

    private ModelLoader(TorchModule module, Architecture architecture) {
        this.module = module;
        this.architecture = architecture;
    }

    /**
     * @param positions longest sequence that will be served
     * @param slots     tokens that the KV pools hold
     * @throws UnsupportedModelException if a tensor is missing or of a shape the script can't use
     */
    static TorchModule load(ModelFiles files, Architecture architecture, Precision precision, String device,
            int positions, long slots) {
        TorchModule module = loadWeights(files, architecture, precision, device);
        try {
            addCaches(module, files.config(), architecture, positions, slots);
            return module;
        } catch (RuntimeException | Error failure) {
            module.close();
            throw failure;
        }
    }

    /** The rope tables and the KV pools of a script that has its weights. */
    static void addCaches(TorchModule module, ModelConfig config, Architecture architecture, int positions, long slots) {
        var loader = new ModelLoader(module, architecture);
        loader.rope(config, positions);
        loader.pools(config.layers(), slots);
    }

    /** Only the weights: for a script that keeps no KV. */
    static TorchModule loadWeights(ModelFiles files, Architecture architecture, Precision precision, String device) {
        Map<String, Object> attributes = new HashMap<>(architecture.attributes());
        boolean cpu = device.equals("cpu");
        attributes.put("few_rows", cpu ? FEW_ROWS : 0);
        attributes.put("values_at_once", cpu ? CACHED_VALUES : MANY_VALUES);
        var module = new TorchModule(ScriptArchive.write(architecture.script(), attributes, architecture.operators()), device);
        try {
            var weights = new WeightLoader(module, architecture, files.tensors(), precision);
            weights.load();
            module.weighs(weights.bytes());
            return module;
        } catch (RuntimeException | Error failure) {
            module.close();
            throw failure;
        }
    }

    private void rope(ModelConfig config, int positions) {
        RopeTable table = config.rope().table(positions);
        int pairs = table.inverseFrequencies().length;
        try (TorchModule.Scope scope = module.scope()) {
            scope.call("add_rope", scope.tensor(scope.floats(table.cos(positions), positions, pairs)),
                    scope.tensor(scope.floats(table.sin(positions), positions, pairs)));
        }
    }

    private void pools(int layers, long slots) {
        try (TorchModule.Scope scope = module.scope()) {
            for (int layer = 0; layer < layers; layer++) {
                for (Architecture.Pool pool : architecture.pools())
                    scope.call("add_pool", scope.number(slots), scope.number(pool.heads()), scope.number(pool.width()));
            }
        }
    }
}
