package graft.weights;

import graft.weights.ModelConfig.Architecture;
import graft.weights.TensorFile.TensorInfo;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Holds a checkpoint's tensors against its configuration before anything is loaded: each parameter is there once, in
 * the right shape and in a type of numbers, and none is left over. BERT models are proved by the embedder that reads
 * them.
 */
final class ModelProof {
    private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d{1,6})\\..*");
    private static final String HEAD = AdapterTarget.HEAD + ".weight";
    private final ModelConfig config;
    private final TensorFile tensors;

    private ModelProof(ModelConfig config, TensorFile tensors) {
        this.config = config;
        this.tensors = tensors;
    }

    /** @throws InvalidModelException naming the first tensor that is not as the configuration wants it */
    static void prove(ModelConfig config, TensorFile tensors) {
        if (!config.architecture().isEncoder()) new ModelProof(config, tensors).prove();
    }

    private void prove() {
        Map<String, List<Long>> parameters = AdapterTarget.of(config).parameters();
        parameters.forEach((name, shape) -> {
            if (!name.equals(HEAD) || !config.tiedEmbeddings()) prove(name, shape);
        });
        Set<String> leftOver = new HashSet<>(tensors.names());
        leftOver.removeAll(parameters.keySet());
        leftOver.removeIf(this::isNeutral);
        leftOver.stream().sorted().findFirst().ifPresent(name -> {
            throw refused(name, "is a tensor that the configuration has no place for");
        });
        config.experts().filter(experts -> experts.routing() == ModelConfig.Routing.SIGMOID_GROUPS)
                .ifPresent(experts -> experts.sparseLayers().forEach(layer -> prove("model.layers." + layer
                        + ".mlp.gate.e_score_correction_bias", List.of((long) experts.count()))));
    }

    private void prove(String name, List<Long> shape) {
        if (!tensors.has(name)) throw refused(name, "is missing");
        TensorInfo info = tensors.info(name);
        if (!info.shape().equals(shape)) {
            throw refused(name, "is " + dimensions(info.shape()) + ", the configuration wants " + dimensions(shape));
        }
        switch (info.type()) {
            case F32, F16, BF16, F64, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> { }
            case I64, I32, I16, I8, U8, BOOL, F8_E4M3 ->
                throw refused(name, "is stored as " + info.type() + ", which is not supported for weights");
        }
    }

    /**
     * What checkpoints carry without effect here: frequencies that are computed anew, the routers' corrections (proved
     * apart), DeepSeek's layers for predicting further tokens, and GGUF's rotary divisors (read by the configuration).
     */
    private boolean isNeutral(String name) {
        if (name.endsWith(".rotary_emb.inv_freq") || name.equals(GgufConfig.ROPE_FACTORS)) return true;
        if (config.latentAttention().isEmpty()) return false;
        Matcher layer = LAYER.matcher(name);
        boolean further = layer.matches() && Integer.parseInt(layer.group(1)) >= config.layers();
        return further || name.endsWith(".mlp.gate.e_score_correction_bias");
    }

    private static String dimensions(List<Long> shape) {
        return shape.stream().map(String::valueOf).collect(Collectors.joining(" x "));
    }

    private static InvalidModelException refused(String name, String reason) {
        return new InvalidModelException(InvalidTensorFileException.printable(name) + " " + reason);
    }
}
