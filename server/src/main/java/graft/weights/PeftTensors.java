package graft.weights;

import graft.weights.TensorFile.ElementType;
import graft.weights.TensorFile.TensorInfo;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** An adapter's tensors by module and role, each to be taken exactly once; knows the spellings that PEFT has saved. */
final class PeftTensors {
    /** What a tensor is to its module; PLAIN is one of the base's own parameters. */
    enum Role {
        A("lora_A"), B("lora_B"), B_BIAS("lora_B.bias"), MAGNITUDE("lora_magnitude_vector"),
                EMBEDDING_A("lora_embedding_A"),
        EMBEDDING_B("lora_embedding_B"), TRAINED_TOKENS("token_adapter.trainable_tokens_delta"), PLAIN("");

        private final String word;

        Role(String word) {
            this.word = word;
        }
    }

    /** @param path the module's, or for PLAIN the parameter's, without what PEFT's wrappers put between */
    record Name(String path, Role role) {}

    private static final String FILE = "adapter_model.safetensors";
    private static final String PREFIX = "base_model.model.";
    /** Between the word and {@code .weight} there may be the adapter's own name, mostly {@code default}. */
    private static final Pattern LORA = Pattern.compile(
            "(.+)\\.(lora_A|lora_B|lora_embedding_A|lora_embedding_B|lora_magnitude_vector"
            + "|token_adapter\\.trainable_tokens_delta)(?:\\.(?!weight$|bias$)[^.]+)?(?:\\.(weight|bias))?");
    private static final Pattern WRAPPED = Pattern.compile("\\.(base_layer|modules_to_save(?:\\.default)?)(?=\\.)");

    private final TensorFile file;
    private final Map<Name, String> stored = new LinkedHashMap<>();
    private final Set<String> paths = new HashSet<>();
    private final Set<Name> used = new HashSet<>();

    PeftTensors(TensorFile file) {
        this.file = file;
        for (String name : file.names()) {
            Name parsed = parse(name);
            paths.add(parsed.path());
            if (stored.put(parsed, name) != null) throw refused(name, "is there twice under two spellings");
        }
    }

    private static Name parse(String storedName) {
        String name = storedName.startsWith(PREFIX) ? storedName.substring(PREFIX.length()) : storedName;
        Matcher lora = LORA.matcher(name);
        if (lora.matches()) return new Name(lora.group(1), role(lora.group(2), "bias".equals(lora.group(3))));
        return new Name(WRAPPED.matcher(name).replaceFirst(""), Role.PLAIN);
    }

    private static Role role(String word, boolean bias) {
        return switch (word) {
            case "lora_A" -> Role.A;
            case "lora_B" -> bias ? Role.B_BIAS : Role.B;
            case "lora_magnitude_vector" -> Role.MAGNITUDE;
            case "lora_embedding_A" -> Role.EMBEDDING_A;
            case "lora_embedding_B" -> Role.EMBEDDING_B;
            default -> Role.TRAINED_TOKENS;
        };
    }

    /** Whether any LoRA tensor belongs to the module. */
    boolean touches(String path) {
        return paths.contains(path);
    }

    /** The base's own parameters that the adapter brings along. */
    List<Name> plain() {
        return stored.keySet().stream().filter(name -> name.role() == Role.PLAIN).collect(Collectors.toList());
    }

    /**
     * The values of a tensor that must be there.
     *
     * @param shape   what the base and the configuration want
     * @param context why, for the message; may be empty
     */
    Values take(String path, Role role, List<Long> shape, String context) {
        Name name = new Name(path, role);
        String storedName = Optional.ofNullable(stored.get(name)).orElseThrow(() -> new InvalidAdapterException(
                FILE + ": " + path + " is a target of the adapter, but its " + role.word + " is missing"));
        return take(name, storedName, shape, context);
    }

    Values take(Name name, List<Long> shape) {
        return take(name, stored.get(name), shape, "");
    }

    private Values take(Name name, String storedName, List<Long> shape, String context) {
        TensorInfo info = file.info(storedName);
        if (!info.shape().equals(shape)) {
            boolean onlyRank = !context.isEmpty() && info.shape().size() == 2
                    && differsInRankOnly(name.role(), info.shape(), shape);
            throw refused(storedName,
                    "is " + dimensions(info.shape()) + ", " + (onlyRank ? context + ": " + dimensions(shape)
                    : "the base model wants " + dimensions(shape) + ". Was it trained on another model?"));
        }
        switch (info.type()) {
            case F32, F16, BF16, F64 -> used.add(name);
            default -> throw refused(storedName,
                    "is stored as " + info.type() + "; F32, F16, BF16 and F64 are supported");
        }
        // A double may be too large for a float, so it is looked at as one.
        Values values = info.type() == ElementType.F64 ? Values.of(file.floats(storedName))
                : new Values(info.type(), file.bytes(storedName), elements(storedName, info));
        return finite(FILE, storedName, values);
    }

    private static boolean differsInRankOnly(Role role, List<Long> found, List<Long> wanted) {
        int other = role == Role.A || role == Role.EMBEDDING_A ? 1 : 0;
        return found.get(other).equals(wanted.get(other));
    }

    private static int elements(String storedName, TensorInfo info) {
        if (info.elements() > Integer.MAX_VALUE / Float.BYTES)
            throw refused(storedName, "has more elements than are supported");
        return (int) info.elements();
    }

    static Values finite(String file, String storedName, Values values) {
        values.firstNotFinite().ifPresent(i -> {
            throw refused(file, storedName,
                    "holds " + (Float.isNaN(values.floats()[i]) ? "NaN" : "infinity") + " at element " + i);
        });
        return values;
    }

    /** Comes first, so that an adapter for another model is told so and not what else it lacks. */
    void refuseUnknownModules(AdapterTarget base) {
        stored.forEach((name, storedName) -> {
            if (name.role() != Role.PLAIN && !base.modules().containsKey(name.path())
                    && !ParameterTargets.holds(base, name.path())) {
                throw refused(storedName,
                        "belongs to a module that the base model does not have. Was it trained on another model?");
            }
        });
    }

    /** Nothing of an adapter is ignored: what nobody took refuses it. */
    void refuseUnused() {
        stored.forEach((name, storedName) -> {
            if (!used.contains(name)) throw refused(storedName,
                    "is not announced by adapter_config.json " + (name.role() == Role.PLAIN
                    ? "(modules_to_save, bias)" : "(target_modules, use_dora, lora_bias, trainable_token_indices)"));
        });
    }

    /** Bytes of all tensors as stored. */
    long bytes() {
        return file.names().stream().mapToLong(name -> file.bytes(name).byteSize()).sum();
    }

    static InvalidAdapterException refused(String storedName, String reason) {
        return refused(FILE, storedName, reason);
    }

    static InvalidAdapterException refused(String file, String storedName, String reason) {
        return new InvalidAdapterException(file + ": " + InvalidTensorFileException.printable(storedName) + " "
                + reason);
    }

    static String dimensions(List<Long> shape) {
        return shape.isEmpty() ? "a single number"
                : shape.stream().map(String::valueOf).collect(Collectors.joining(" x "));
    }
}
