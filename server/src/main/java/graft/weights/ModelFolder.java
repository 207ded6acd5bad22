package graft.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** A Hugging Face folder: config.json, model*.safetensors, and where it has them tokenizer.json and a chat template. */
final class ModelFolder implements ModelFiles {
    private static final long LARGEST_TEXT = 128L << 20;
    private final Path folder;
    private final ModelConfig config;
    private final TensorFile tensors;
    private final Optional<JsonFields> tokenizerConfig;
    private final Supplier<String> digest;

    private ModelFolder(Path folder, ModelConfig config, TensorFile tensors) {
        this.folder = folder;
        this.config = config;
        this.tensors = tensors;
        this.tokenizerConfig = ConfigReader.readJson(folder, "tokenizer_config.json");
        this.digest = new Once<>(() -> WeightsDigest.of(digestedFiles()));
    }

    static ModelFolder open(Path folder, int headerLimit) {
        ModelConfig config = ModelConfig.read(folder);
        TensorFile tensors = ShardedTensors.open(folder, "model", headerLimit);
        try {
            ModelProof.prove(config, tensors);
            return new ModelFolder(folder, config, tensors);
        } catch (InvalidModelException invalid) {
            tensors.close();
            throw invalid;
        }
    }

    private List<Path> digestedFiles() {
        List<Path> files = new ArrayList<>(List.of(folder.resolve("config.json")));
        files.addAll(ShardedTensors.files(folder, "model"));
        return files;
    }

    @Override
    public String name() {
        return folder.toAbsolutePath().normalize().getFileName().toString();
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public TensorFile tensors() {
        return tensors;
    }

    @Override
    public Optional<String> tokenizerJson() {
        return text("tokenizer.json");
    }

    @Override
    public Optional<String> chatTemplate() {
        return text("chat_template.jinja").or(() -> tokenizerConfig.flatMap(ModelFolder::configuredTemplate));
    }

    private static Optional<String> configuredTemplate(JsonFields fields) {
        return switch (fields.value("chat_template").orElse(List.of())) {
            case String template -> Optional.of(template);
            case List<?> named -> named.stream().filter(Map.class::isInstance).map(Map.class::cast)
                    .filter(entry -> "default".equals(entry.get("name"))).map(entry -> entry.get("template"))
                    .filter(String.class::isInstance).map(String.class::cast).findFirst();
            default -> throw fields.wrong("chat_template", "a string or a list of named templates");
        };
    }

    @Override
    public Optional<String> bosToken() {
        return specialToken("bos_token");
    }

    @Override
    public Optional<String> eosToken() {
        return specialToken("eos_token");
    }

    /** A string, or an object whose {@code content} is the string. */
    private Optional<String> specialToken(String name) {
        return tokenizerConfig.filter(fields -> fields.has(name))
                .or(() -> ConfigReader.readJson(folder, "special_tokens_map.json"))
                .filter(fields -> fields.has(name))
                .flatMap(fields -> fields.value(name).orElseThrow() instanceof String text ? Optional.of(text)
                        : fields.object(name).flatMap(token -> token.string("content")));
    }

    @Override
    public Set<Integer> stopTokens() {
        return config.endTokens();
    }

    @Override
    public String digest() {
        return digest.get();
    }

    private Optional<String> text(String name) {
        Path file = folder.resolve(name);
        if (!Files.isRegularFile(file)) return Optional.empty();
        try {
            if (Files.size(file) > LARGEST_TEXT) {
                throw new InvalidModelException(file + " is larger than " + LARGEST_TEXT + " bytes");
            }
            return Optional.of(JsonFields.utf8(Files.readAllBytes(file)));
        } catch (IOException unreadable) {
            throw new InvalidModelException(file + " can't be read as UTF-8 text", unreadable);
        }
    }

    @Override
    public void close() {
        tensors.close();
    }
}
