package graft.weights;

import graft.weights.pattern.Steps;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An adapter_config.json, read as PEFT 0.21 does; what would change the arithmetic and is not built is refused by name.
 *
 * @param targets   which modules LoRA wraps
 * @param ranks     rank_pattern, in the order of the file
 * @param alphas    alpha_pattern, in the order of the file
 * @param savedModules modules_to_save
 * @param tokenIndices trainable_token_indices by the embedding's name
 * @param parameters   target_parameters, by the ends of their names
 * @param invocationTokens of an activated LoRA; empty for one that is always on
 */
record AdapterConfig(int rank, double alpha, boolean rsLora, boolean dora, boolean loraBias, boolean biases,
        ModuleSelection targets, Map<PythonPattern, Integer> ranks, Map<PythonPattern, Double> alphas,
        List<String> savedModules,
        Map<String, List<Integer>> tokenIndices, List<String> parameters, List<Integer> invocationTokens,
        List<String> warnings) {
    static final String FILE = "adapter_config.json";
    /** Fields without influence on what a trained adapter computes. */
    private static final Set<String> NEUTRAL = Set.of("auto_mapping", "base_model_name_or_path", "revision",
            "task_type", "inference_mode", "peft_version", "lora_dropout", "megatron_core", "qalora_group_size",
            "runtime_config", "eva_config", "corda_config", "lora_ga_config", "loftq_config");
    private static final Set<String> READ = Set.of("peft_type", "r", "lora_alpha", "use_rslora", "use_dora",
            "lora_bias", "bias", "fan_in_fan_out", "init_lora_weights", "ensure_weight_tying", "rank_pattern",
            "alpha_pattern", "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern",
            "modules_to_save", "trainable_token_indices", "alora_invocation_tokens", "target_parameters");
    /** Initialisations that leave the base as it is; the others subtract something from it before training. */
    private static final Set<String> HARMLESS_STARTS = Set.of("gaussian", "orthogonal", "eva");

    static AdapterConfig read(byte[] json, AdapterTarget base, PeftAdapter.Limits limits) {
        JsonFields fields = JsonFields.parse(FILE, json, InvalidAdapterException::new);
        String type = fields.string("peft_type").orElseThrow(() -> fields.missing("peft_type"));
        if (!type.equals("LORA")) throw fields.refused("peft_type", "is not LORA, the only kind that is supported");
        for (String name : fields.names()) {
            if (!NEUTRAL.contains(name) && !READ.contains(name) && !fields.asksForNothing(name)) {
                throw fields.refused(name, "is not supported");
            }
        }
        List<String> warnings = new ArrayList<>();
        refuseChangedBase(fields, base, warnings);
        int rank = rank(fields, "r", limits);
        Steps steps = new Steps(limits.patternSteps());
        return new AdapterConfig(rank, finite(fields, "lora_alpha"), fields.flag("use_rslora", false),
                fields.flag("use_dora", false),
                fields.flag("lora_bias", false), biases(fields), ModuleSelection.read(fields, steps),
                ranks(fields, limits, steps), alphas(fields, steps),
                fields.strings("modules_to_save").orElse(List.of()), tokenIndices(fields),
                fields.strings("target_parameters").orElse(List.of()),
                fields.integers("alora_invocation_tokens").orElse(List.of()),
                warnings);
    }

    private static void refuseChangedBase(JsonFields fields, AdapterTarget base, List<String> warnings) {
        Object start = fields.value("init_lora_weights").orElse(true);
        if (start instanceof String text && !HARMLESS_STARTS.contains(text)) {
            throw fields.refused("init_lora_weights", "changes the base model's weights, which is not supported; "
                    + "convert the adapter with path_initial_model_for_weight_conversion when saving it");
        }
        if (fields.flag("ensure_weight_tying", false) && base.tiedEmbeddings()) {
            throw fields.refused("ensure_weight_tying", "is not supported for a base model with tied embeddings");
        }
        if (fields.flag("fan_in_fan_out", false)) {
            warnings.add(FILE + ": fan_in_fan_out has no meaning for this base model's linear layers "
                    + "and is ignored, as PEFT does");
        }
        if (!fields.asksForNothing("loftq_config")) {
            warnings.add(FILE + ": loftq_config says that it was trained on a quantised base; "
                    + "it is applied to the base model that is served here");
        }
    }

    private static boolean biases(JsonFields fields) {
        return switch (fields.string("bias").orElse("none")) {
            case "none" -> false;
            case "all", "lora_only" -> true;
            default -> throw fields.refused("bias", "is not none, all or lora_only");
        };
    }

    private static int rank(JsonFields fields, String name, PeftAdapter.Limits limits) {
        int rank = fields.integer(name);
        if (rank < 1) throw fields.refused(name, "is not a positive rank");
        if (rank > limits.maxRank()) {
            throw fields.refused(name, "is more than this server allows: adapters.max-rank is " + limits.maxRank());
        }
        return rank;
    }

    private static double finite(JsonFields fields, String name) {
        if (!fields.has(name)) throw fields.missing(name);
        boolean finite = fields.value(name).filter(Number.class::isInstance).map(Number.class::cast)
                .filter(number -> Double.isFinite(number.doubleValue())).isPresent();
        if (!finite) throw fields.refused(name, "is not a finite number");
        return fields.number(name);
    }

    private static Map<PythonPattern, Integer> ranks(JsonFields fields, PeftAdapter.Limits limits,
            Steps steps) {
        Map<PythonPattern, Integer> ranks = new LinkedHashMap<>();
        fields.object("rank_pattern").ifPresent(patterns -> patterns.names().forEach(key ->
                ranks.put(keyPattern("rank_pattern", key, steps), rank(patterns, key, limits))));
        return ranks;
    }

    private static Map<PythonPattern, Double> alphas(JsonFields fields, Steps steps) {
        Map<PythonPattern, Double> alphas = new LinkedHashMap<>();
        fields.object("alpha_pattern").ifPresent(patterns -> patterns.names().forEach(key ->
                alphas.put(keyPattern("alpha_pattern", key, steps), finite(patterns, key))));
        return alphas;
    }

    /** PEFT's get_pattern_key: a key is an expression for the end of a module's path. */
    private static PythonPattern keyPattern(String field, String key, Steps steps) {
        return new PythonPattern(field, "(.*\\.)?(" + key + ")$", steps);
    }

    /** A list means the input embedding. */
    private static Map<String, List<Integer>> tokenIndices(JsonFields fields) {
        if (!fields.has("trainable_token_indices")) return Map.of();
        if (fields.value("trainable_token_indices").orElseThrow() instanceof List<?>) {
            return Map.of("embed_tokens", fields.integers("trainable_token_indices").orElseThrow());
        }
        Map<String, List<Integer>> indices = new LinkedHashMap<>();
        JsonFields named = fields.object("trainable_token_indices").orElseThrow();
        named.names().forEach(name -> indices.put(name, named.integers(name).orElse(List.of())));
        return indices;
    }

    /** Whether LoRA adds to a parameter itself and not to a module's output. */
    boolean addsTo(String parameter) {
        return parameters.stream().anyMatch(name -> parameter.equals(name) || parameter.endsWith("." + name));
    }

    /** The rank of one module: the first pattern that matches its path, else r. */
    int rankOf(String path) {
        return first(ranks, path).orElse(rank);
    }

    /** What the module's B A x is multiplied with. */
    double scaleOf(String path) {
        double alphaOf = first(alphas, path).orElse(alpha);
        return rsLora ? alphaOf / Math.sqrt(rankOf(path)) : alphaOf / rankOf(path);
    }

    private static <T> Optional<T> first(Map<PythonPattern, T> patterns, String path) {
        return patterns.entrySet().stream().filter(entry -> entry.getKey().matchesStart(path)).map(Map.Entry::getValue)
                .findFirst();
    }
}
