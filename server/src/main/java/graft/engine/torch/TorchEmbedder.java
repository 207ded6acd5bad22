package graft.engine.torch;

import ai.djl.pytorch.jni.IValue;
import graft.engine.Embedder;
import graft.engine.Workers;
import graft.weights.ModelConfig;
import graft.weights.ModelFiles;
import graft.weights.SentenceConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * A BERT-family sentence encoder on libtorch: mean over all tokens or the first one's state, as its folder says, unit
 * length, float32. One native call at a time,
 * of texts of similar length, so that few positions are padding; others wait their turn.
 */
public final class TorchEmbedder implements Embedder {
    private final String id;
    private final int window;
    private final int batchTokens;
    private final ModelConfig config;
    private final TorchModule module;
    /** Computes for all callers, one after the other in the order they came. */
    private final Workers worker = new Workers("embedder", 1, 0);
    private boolean closed;

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
        this.module = module;
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
        List<Integer> byLength = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) byLength.add(i);
        byLength.sort(Comparator.comparingInt(i -> texts.get(i).length));
        float[][] vectors = new float[texts.size()][];
        for (int from = 0, to; from < byLength.size(); from = to) {
            to = from + 1;
            while (to < byLength.size() && (to + 1 - from) * texts.get(byLength.get(to)).length <= batchTokens) to++;
            List<Integer> some = byLength.subList(from, to);
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
        return worker.call(() -> {
            if (closed) throw new IllegalStateException("the embedder is closed");
            try (TorchModule.Scope scope = module.scope()) {
                IValue result = scope.call("embed", scope.tensor(scope.longs(tokens, lengths.length, most)),
                        scope.tensor(scope.longs(lengths, lengths.length)));
                return rows(scope.toFloats(result));
            }
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
        try {
            worker.start(() -> {
                if (!closed) module.close();
                closed = true;
            });
        } catch (IllegalStateException already) {
            return;
        }
        worker.close();
    }
}
