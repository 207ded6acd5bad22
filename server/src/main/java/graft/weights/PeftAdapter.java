package graft.weights;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A LoRA adapter as PEFT saves it, proved against the base model it is for: every tensor is used, every targeted module
 * has its tensors, every value is finite. The matrices of its modules are views of the file, which live as long as its
 * mapping; all else is float32 whatever the file stores. Immutable; the arrays are not to be written to.
 *
 * @param modules          one entry a wrapped linear module, in the base's order
 * @param embedding        LoRA on the input embedding
 * @param replaced         base parameters that the adapter brings its own values for (modules_to_save, biases, resaved
 *                         embeddings)
 * @param trainedTokens    rows of the embedding that it replaces
 * @param invocationTokens of an activated LoRA: it works from the last place on where these tokens stand in the prompt;
 *                         empty for one that is always on
 * @param rank             the largest of any module
 * @param targetModules    kinds of the modules it wraps, sorted
 * @param bytes            of its tensors as stored
 */
public record PeftAdapter(List<LoraModule> modules, Optional<EmbeddingLora> embedding, List<Replaced> replaced,
        Optional<TrainedTokens> trainedTokens, List<Integer> invocationTokens, List<String> warnings, int rank,
        Set<String> targetModules, long bytes) {

    /**
     * y += scale * (B (A x) + bias); with a magnitude m (DoRA) instead y = m / |W + scale B A| * (W x + scale B A x),
     * where the norm is that of each output's row and the base's own bias is added after it.
     *
     * @param path  as {@code model.layers.3.self_attn.q_proj}
     * @param layer -1 outside the layers
     * @param kind  the last word of the path
     * @param a     [rank, in]
     * @param b     [out, rank]
     */
    public record LoraModule(String path, int layer, String kind, int rank, int in, int out, Values a, Values b,
            double scale, Optional<float[]> magnitude, Optional<float[]> bias) {
        static LoraModule plain(AdapterTarget.Module module, int rank, Values a, Values b, double scale) {
            return new LoraModule(module.path(), module.layer(), module.kind(), rank, module.in(), module.out(), a, b,
                    scale, Optional.empty(), Optional.empty());
        }
    }

    /**
     * embedding(t) += scale * B A[:, t].
     *
     * @param a [rank, vocabulary]
     * @param b [hidden, rank]
     */
    public record EmbeddingLora(int rank, int vocabulary, int hidden, float[] a, float[] b, double scale) {}

    /**
     * @param name a parameter of the base, as {@code lm_head.weight}; on a base with tied embeddings both names are
     * listed where both change
     */
    public record Replaced(String name, List<Long> shape, float[] values) {}

    /**
     * @param rows       [tokens, hidden], in the order of the tokens
     * @param alsoOutput whether the output head's rows change too, because the base ties them
     */
    public record TrainedTokens(List<Integer> tokens, float[] rows, boolean alsoOutput) {}

    /**
     * @param headerBytes  most bytes of a safetensors header: adapters.header-limit
     * @param maxRank      largest rank of a module: adapters.max-rank
     * @param patternSteps steps that matching all expressions of the configuration together may take:
     *                     adapters.pattern-steps
     */
    public record Limits(int headerBytes, int maxRank, long patternSteps) {
        public static final Limits DEFAULT = new Limits(16 << 20, 512, 100_000_000);

        public Limits {
            if (headerBytes < 1) throw new IllegalArgumentException("headerBytes " + headerBytes);
            if (maxRank < 1) throw new IllegalArgumentException("maxRank " + maxRank);
            if (patternSteps < 1) throw new IllegalArgumentException("patternSteps " + patternSteps);
        }
    }

    /**
     * @param folder holds adapter_config.json and adapter_model.safetensors (or its shards with their index), or one
     *               LoRA of llama.cpp as a .gguf file
     * @return one whose values can be read as long as it is reachable
     * @throws InvalidAdapterException naming file, tensor or field, and the reason
     */
    public static PeftAdapter read(Path folder, AdapterTarget base, Limits limits) {
        return read(folder, base, limits, Arena.ofAuto());
    }

    /**
     * @param mapping how long the matrices of its modules can be read
     * @see #read(Path, AdapterTarget, Limits)
     */
    public static PeftAdapter read(Path folder, AdapterTarget base, Limits limits, Arena mapping) {
        return PeftReader.read(folder, base, limits, mapping);
    }
}
