package graft.weights;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * Everything of a base model that is on disk, whichever way it is packed: a Hugging Face folder or one GGUF file.
 * Opening proves configuration and tensor files; nothing is loaded yet. Safe from any thread until {@link #close}.
 */
public interface ModelFiles extends AutoCloseable {
    /** What to open with where no setting says otherwise: weights.header-limit. */
    int DEFAULT_HEADER_LIMIT = 100 << 20;

    /**
     * @param folderOrFile a folder with config.json and model*.safetensors, or a .gguf file
     * @param headerLimit  most bytes the header of a tensor file may have
     * @throws InvalidModelException with one sentence: which file or field, and why
     */
    static ModelFiles open(Path folderOrFile, int headerLimit) {
        if (!Files.exists(folderOrFile)) throw new InvalidModelException(folderOrFile + " does not exist");
        try {
            return Files.isDirectory(folderOrFile) ? ModelFolder.open(folderOrFile, headerLimit)
                    : ModelGguf.open(folderOrFile, headerLimit);
        } catch (InvalidTensorFileException invalid) {
            throw new InvalidModelException(folderOrFile + ": " + invalid.getMessage(), invalid);
        } catch (UncheckedIOException unreadable) {
            throw new InvalidModelException(folderOrFile + ": " + unreadable.getMessage(), unreadable);
        }
    }

    /** The folder's name, or the GGUF's without its suffix. */
    String name();

    ModelConfig config();

    TensorFile tensors();

    /** The text of a Hugging Face tokenizer.json; empty for a model that is served for token ids only. */
    Optional<String> tokenizerJson();

    /** The model's own chat template (Jinja); the one named {@code default} where there are several. */
    Optional<String> chatTemplate();

    /** What a template calls {@code bos_token}. */
    Optional<String> bosToken();

    /** What a template calls {@code eos_token}. */
    Optional<String> eosToken();

    /** Ids that end an answer. */
    Set<Integer> stopTokens();

    /**
     * {@code sha256:} over configuration and weights; {@link WeightsDigest} says exactly over what. Reads the files:
     * slow, computed once.
     */
    String digest();

    @Override
    void close();
}
