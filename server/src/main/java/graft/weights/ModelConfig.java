package graft.weights;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The shape of a model and everything in its configuration that changes the arithmetic, whatever file it came from.
 * A feature that is in use and not known here refuses the model by name; fields without a known meaning are listed in
 * {@link #unknownFields} so that the server can log them. Immutable.
 *
 * @param normEpsilon       of RMSNorm (LayerNorm for BERT)
 * @param mlpBias           whether the feed-forward projections have biases
 * @param tokenTypes        rows of BERT's token-type table, 0 elsewhere
 * @param firstPosition     row of the first token in a table of positions: RoBERTa's is the one after its pad token's id
 * @param beginToken        id of the token that begins a text, where the model has one
 * @param endTokens         ids that end an answer, of config.json and generation_config.json together
 * @param storedType        the dtype the configuration names, as {@code bfloat16}; empty where it names none
 */
public record ModelConfig(
        Architecture architecture, int hiddenSize, int layers, int intermediateSize, int vocabularySize,
        int maxPositions, Attention attention, Rope rope, double normEpsilon, Activation activation,
        boolean mlpBias, boolean tiedEmbeddings,
        Optional<LatentAttention> latentAttention, Optional<Experts> experts, int tokenTypes, int firstPosition,
        OptionalInt beginToken, Set<Integer> endTokens, Optional<String> storedType, List<String> unknownFields) {

    static final int MOST_LAYERS = 1024;
    private static final int MOST_EXPERTS = 1 << 16;
    private static final int WIDEST = 1 << 24;

    public ModelConfig {
        Objects.requireNonNull(architecture);
        bounded("layers", layers, MOST_LAYERS);
        bounded("heads x head size", (long) attention.heads() * attention.headDim(), WIDEST);
        latentAttention.ifPresent(latent -> bounded("heads x sizes of latent attention",
                attention.heads() * ((long) latent.queryDim() + latent.valueDim()), WIDEST));
        experts.ifPresent(some -> {
            bounded("experts of all layers", (long) some.sparseLayers().size() * some.count(), MOST_EXPERTS);
            bounded("shared experts x their size", (long) some.shared() * some.intermediateSize(), WIDEST);
        });
        endTokens = Set.copyOf(endTokens);
        unknownFields = List.copyOf(unknownFields);
    }

    /** Whatever is derived from a configuration, as the list of its tensors, stays of a size that memory holds. */
    private static void bounded(String what, long number, long most) {
        if (number > most) {
            throw new InvalidModelException("the model has " + number + " " + what + ", at most " + most
                    + " are supported");
        }
    }

    /** The architectures that are understood, by {@code model_type}. */
    public enum Architecture {
        LLAMA("llama"), MISTRAL("mistral"), QWEN2("qwen2"), QWEN3("qwen3"), QWEN3_MOE("qwen3_moe"),
        DEEPSEEK_V2("deepseek_v2"), DEEPSEEK_V3("deepseek_v3"), BERT("bert"), ROBERTA("roberta"),
        XLM_ROBERTA("xlm-roberta"), NOMIC_BERT("nomic_bert");

        private final String modelType;

        Architecture(String modelType) {
            this.modelType = modelType;
        }

        public String modelType() {
            return modelType;
        }

        /** Whether it reads a text in both directions, for embedders and rerankers; it generates nothing. */
        public boolean isEncoder() {
            return this == BERT || this == ROBERTA || this == XLM_ROBERTA || this == NOMIC_BERT;
        }

        static Optional<Architecture> of(String modelType) {
            for (Architecture architecture : values()) {
                if (architecture.modelType.equals(modelType)) return Optional.of(architecture);
            }
            return Optional.empty();
        }
    }

    /** The feed-forward's activation; GELU is the exact one (erf). */
    public enum Activation { SILU, GELU }

    /**
     * @param headDim      dimensions of a head; not always hiddenSize / heads
     * @param queryKeyNorm RMSNorm over each head of q and k (Qwen3)
     */
    public record Attention(int heads, int keyValueHeads, int headDim, boolean queryKeyValueBias, boolean outputBias,
            boolean queryKeyNorm) {}

    /**
     * @param dimension   rotated dimensions of a head
     * @param interleaved neighbours form the pairs (DeepSeek) and not the two halves of the head
     */
    public record Rope(double theta, int dimension, RopeScaling scaling, boolean interleaved) {
        /** @param length longest sequence that will be served */
        public RopeTable table(int length) {
            return RopeTable.of(scaling, theta, dimension, length);
        }
    }

    /**
     * DeepSeek's multi-head latent attention.
     *
     * @param queryRank rank of the compressed queries; empty: q_proj instead of q_a_proj and q_b_proj
     */
    public record LatentAttention(OptionalInt queryRank, int keyValueRank, int plainDim, int ropeDim, int valueDim) {
        /** Dimensions of a query's head. */
        public int queryDim() {
            return plainDim + ropeDim;
        }
    }

    /**
     * How the router picks: softmax over all, softmax limited to the best groups, or sigmoid with a bias and groups.
     */
    public enum Routing { GREEDY, GROUP_LIMITED, SIGMOID_GROUPS }

    /**
     * Mixture of experts.
     *
     * @param intermediateSize of one expert
     * @param shared           experts that every token passes, merged into one of shared x intermediateSize
     * @param groups           groups of experts the router chooses among, 1 where there are none
     * @param normalise        whether the chosen weights are divided by their sum
     * @param scaling          factor on the chosen weights
     * @param sparseLayers     layers that have experts; the others are dense
     */
    public record Experts(int count, int perToken, int intermediateSize, int shared, int groups, int topGroups,
            Routing routing, boolean normalise, double scaling, Set<Integer> sparseLayers) {
        public Experts {
            sparseLayers = Set.copyOf(sparseLayers);
        }
    }

    /**
     * @param folder holds config.json and perhaps generation_config.json
     * @throws InvalidModelException naming the file or field
     */
    public static ModelConfig read(Path folder) {
        return new ConfigReader(folder).read();
    }

    /** @throws InvalidTensorFileException naming the key; llama, qwen2 and qwen3 are understood */
    public static ModelConfig from(Gguf gguf) {
        return new GgufConfig(gguf).read();
    }

    /** Whether a layer's feed-forward is a mixture of experts. */
    public boolean sparse(int layer) {
        return experts.isPresent() && experts.get().sparseLayers().contains(layer);
    }
}
