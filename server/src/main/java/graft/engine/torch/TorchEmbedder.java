package graft.engine.torch;

import ai.djl.pytorch.jni.IValue;
import graft.engine.Embedder;
import graft.weights.ModelConfig;
import graft.weights.ModelFiles;
import graft.weights.SentenceConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A BERT-family sentence encoder on libtorch: mean over all tokens or the first one's state, as its folder says, unit
 * length, float32. One native call at a time; others wait their turn.
 */
public final class TorchEmbedder implements Embedder {
    private final String id;
    private final int window;
    private final int batchTokens;
    private final ModelConfig config;
    private final EncoderModule module;

    /**
     * @param folder      a Hugging Face folder
     * @param device      {@code cpu} or {@code cuda:N}
     * @param window      embedder.window: most tokens of one text; the model's own limits if less
     * @param batchTokens embedder.batch-tokens: most tokens, padding included, of one native call
     */
    public static TorchEmbedder open(String id, Path folder, String device, int window, int batchTokens) {
        try (ModelFiles files = ModelFiles.open(folder, ModelFiles.DEFAULT_HEADER_LIMIT)) {
            ModelConfig config = files.config();
            SentenceConfig sentences = SentenceConfig.read(folder);
            Architecture architecture = Architecture.encoder(config, Precision.FLOAT32, sentences.firstToken());
            TorchModule module = ModelLoader.loadWeights(files, architecture, Precision.FLOAT32, device);
            int most = Math.min(config.maxPositions(), sentences.window().orElse(config.maxPositions()));
            return new TorchEmbedder(id, config, module, Math.min(window, most), batchTokens);
        }
    }

    private TorchEmbedder(String id, ModelConfig config, TorchModule module, int window, int batchTokens) {
        this.id = id;
        this.config = config;
        this.module = new EncoderModule("embedder", module);
        this.window = window;
        this.batchTokens = batchTokens;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public int dimensions() {
        return config.hiddenSize();
    }

    @Override
    public int window() {
        return window;
    }

    @Override
    public List<float[]> embed(List<int[]> texts) {
        texts.forEach(this::check);
        float[][] vectors = new float[texts.size()][];
        List<Integer> lengths = texts.stream().map(text -> text.length).toList();
        for (List<Integer> some : EncoderModule.batches(lengths, batchTokens)) {
            List<float[]> found = compute(some.stream().map(texts::get).toList());
            for (int i = 0; i < found.size(); i++) vectors[some.get(i)] = found.get(i);
        }
        return List.of(vectors);
    }

    private void check(int[] text) {
        if (text.length < 1 || text.length > window)
            throw new IllegalArgumentException("a text of " + text.length + " tokens, the window holds 1 to " + window);
        for (int token : text) {
            if (token < 0 || token >= config.vocabularySize())
                throw new IllegalArgumentException("token " + token + " is not in the vocabulary");
        }
    }

    /** The last text is the longest. */
    private List<float[]> compute(List<int[]> texts) {
        int most = texts.getLast().length;
        long[] tokens = new long[texts.size() * most];
        long[] lengths = new long[texts.size()];
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = texts.get(i).length;
            for (int k = 0; k < lengths[i]; k++) tokens[i * most + k] = texts.get(i)[k];
        }
        return module.call(scope -> {
            IValue result = scope.call("embed", scope.tensor(scope.longs(tokens, lengths.length, most)),
                    scope.tensor(scope.longs(lengths, lengths.length)));
            return rows(scope.toFloats(result));
        });
    }

    private List<float[]> rows(float[] values) {
        List<float[]> rows = new ArrayList<>();
        for (int at = 0; at < values.length; at += dimensions())
            rows.add(Arrays.copyOfRange(values, at, at + dimensions()));
        return rows;
    }

    @Override
    public void close() {
        module.close();
    }
}
