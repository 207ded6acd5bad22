package graft.weights;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** A base model in one GGUF file: configuration, tensors, vocabulary and chat template. */
final class ModelGguf implements ModelFiles {
    private static final String SUFFIX = ".gguf";
    private final Path file;
    private final Gguf gguf;
    private final ModelConfig config;
    private final Supplier<Optional<String>> tokenizerJson;
    private final Supplier<String> digest;

    private ModelGguf(Path file, Gguf gguf) {
        this.file = file;
        this.gguf = gguf;
        this.config = ModelConfig.from(gguf);
        this.tokenizerJson = new Once<>(() -> GgufTokenizer.json(gguf.metadata()));
        this.digest = new Once<>(() -> WeightsDigest.of(List.of(file)));
    }

    static ModelGguf open(Path file, int headerLimit) {
        Gguf gguf = Gguf.open(file, headerLimit);
        try {
            ModelGguf model = new ModelGguf(file, gguf);
            ModelProof.prove(model.config, gguf);
            return model;
        } catch (InvalidTensorFileException | InvalidModelException invalid) {
            gguf.close();
            throw invalid;
        }
    }

    @Override
    public String name() {
        String name = file.getFileName().toString();
        return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public TensorFile tensors() {
        return gguf;
    }

    @Override
    public Optional<String> tokenizerJson() {
        try {
            return tokenizerJson.get();
        } catch (InvalidTensorFileException invalid) {
            throw new InvalidModelException(invalid.getMessage(), invalid);
        }
    }

    @Override
    public Optional<String> chatTemplate() {
        return gguf.metadata().string("tokenizer.chat_template");
    }

    @Override
    public Optional<String> bosToken() {
        return GgufTokenizer.token(gguf.metadata(), "bos");
    }

    @Override
    public Optional<String> eosToken() {
        return GgufTokenizer.token(gguf.metadata(), "eos");
    }

    @Override
    public Set<Integer> stopTokens() {
        return config.endTokens();
    }

    @Override
    public String digest() {
        return digest.get();
    }

    @Override
    public void close() {
        gguf.close();
    }
}
