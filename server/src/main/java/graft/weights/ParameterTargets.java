package graft.weights;

import graft.weights.AdapterTarget.Module;
import graft.weights.PeftAdapter.LoraModule;
import graft.weights.PeftTensors.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * PEFT's target_parameters: LoRA on a parameter itself, which is how transformers 5 reaches experts (all of a layer are
 * two parameters, {@code mlp.experts.gate_up_proj} and {@code down_proj}) and routers ({@code mlp.gate.weight}). Adding
 * B A to a weight is adding B (A x) to its module's output, so each expert becomes modules of its own.
 */
final class ParameterTargets {
    private static final String EXPERTS = "mlp.experts";
    private static final String WRAPPER = ".base_layer";
    private final AdapterTarget base;
    private final AdapterConfig config;
    private final PeftTensors tensors;

    ParameterTargets(AdapterTarget base, AdapterConfig config, PeftTensors tensors) {
        this.base = base;
        this.config = config;
        this.tensors = tensors;
    }

    /** Whether PEFT may keep tensors of a layer's experts under such a path. */
    static boolean holds(AdapterTarget base, String path) {
        String experts = path.endsWith(WRAPPER) ? path.substring(0, path.length() - WRAPPER.length()) : path;
        return experts.endsWith("." + EXPERTS) && base.modules().containsKey(experts + ".0.gate_proj");
    }

    List<LoraModule> read() {
        if (config.parameters().isEmpty()) return List.of();
        if (config.dora() || config.loraBias()) {
            throw new InvalidAdapterException(AdapterConfig.FILE + ": target_parameters can't go with use_dora or "
                    + "lora_bias, in PEFT neither");
        }
        List<LoraModule> modules = new ArrayList<>();
        for (Module module : base.modules().values()) {
            if (config.addsTo(module.path() + ".weight")) modules.add(weight(module));
        }
        for (int layer = 0; layer < base.config().layers(); layer++) {
            if (base.config().sparse(layer)) modules.addAll(experts(layer));
        }
        if (modules.isEmpty()) {
            throw new InvalidAdapterException(AdapterConfig.FILE + ": target_parameters selects no parameter of the "
                    + "base model" + PeftReader.OTHER_MODEL);
        }
        return modules;
    }

    private LoraModule weight(Module module) {
        String parameter = module.path() + ".weight";
        if (module.embedding()) {
            throw new InvalidAdapterException(AdapterConfig.FILE + ": target_parameters on an embedding is not "
                    + "supported");
        }
        int rank = config.rankOf(parameter);
        Values a = tensors.take(module.path(), Role.A, List.of((long) rank, (long) module.in()), "");
        Values b = tensors.take(module.path(), Role.B, List.of((long) module.out(), (long) rank), "");
        return LoraModule.plain(module, rank, a, b, config.scaleOf(parameter));
    }

    /** Of two parameters of one module PEFT wraps the first and then the wrapper again. */
    private List<LoraModule> experts(int layer) {
        String path = "model.layers." + layer + "." + EXPERTS;
        boolean down = config.addsTo(path + ".down_proj");
        List<LoraModule> modules = new ArrayList<>();
        if (config.addsTo(path + ".gate_up_proj")) {
            modules.addAll(split(path, down ? path + WRAPPER : path, "gate_up_proj", List.of("gate_proj", "up_proj")));
        }
        if (down) modules.addAll(split(path, path, "down_proj", List.of("down_proj")));
        return modules;
    }

    /**
     * A [experts x rank, in] lies expert by expert, in each row of B [out, rank x experts] the experts of one rank lie
     * together (ParamWrapper.get_delta_weight).
     *
     * @param holder where the tensors are
     * @param kinds  the modules whose outputs the parameter stacks
     */
    private List<LoraModule> split(String path, String holder, String parameter, List<String> kinds) {
        int count = base.config().experts().orElseThrow().count();
        int rank = config.rankOf(path + "." + parameter);
        Module first = base.modules().get(path + ".0." + kinds.getFirst());
        long stacked = Math.multiplyExact((long) rank, count);
        float[] a = tensors.take(holder, Role.A, List.of(stacked, (long) first.in()), "").floats();
        float[] b = tensors.take(holder, Role.B, List.of((long) kinds.size() * first.out(), stacked), "").floats();
        List<LoraModule> modules = new ArrayList<>();
        for (int expert = 0; expert < count; expert++) {
            float[] own = Arrays.copyOfRange(a, expert * rank * first.in(), (expert + 1) * rank * first.in());
            for (int kind = 0; kind < kinds.size(); kind++) {
                float[] rows = new float[first.out() * rank];
                for (int row = 0; row < first.out(); row++) {
                    for (int k = 0; k < rank; k++) {
                        rows[row * rank + k] = b[((kind * first.out() + row) * rank + k) * count + expert];
                    }
                }
                modules.add(LoraModule.plain(base.modules().get(path + "." + expert + "." + kinds.get(kind)), rank,
                        Values.of(own), Values.of(rows), config.scaleOf(path + "." + parameter)));
            }
        }
        return modules;
    }
}
