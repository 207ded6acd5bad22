package graft.engine.torch;

import ai.djl.pytorch.jni.IValue;
import graft.engine.CrossEncoder;
import graft.weights.ModelConfig;
import graft.weights.ModelFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A cross-encoder of BERT's or RoBERTa's family on libtorch, float32: one label through a sigmoid, or the second of two
 * by softmax, as sentence-transformers reads them. One native call at a time; others wait their turn.
 */
public final class TorchCrossEncoder implements CrossEncoder {
    private final int window;
    private final int batchTokens;
    private final EncoderModule module;
    private final int vocabulary;
    private final int separators;
    private final boolean typed;

    /**
     * @param folder      a Hugging Face folder of a BertForSequenceClassification, or of RoBERTa's or XLM-R's
     * @param device      {@code cpu} or {@code cuda:N}
     * @param window      knowledge.reranker-window: most tokens of a pair; the model's own limit if less
     * @param batchTokens embedder.batch-tokens: most tokens, padding included, of one native call
     */
    public static TorchCrossEncoder open(Path folder, String device, int window, int batchTokens) {
        try (ModelFiles files = ModelFiles.open(folder, ModelFiles.DEFAULT_HEADER_LIMIT)) {
            ModelConfig config = files.config();
            Architecture architecture = Architecture.crossEncoder(config, Precision.FLOAT32);
            TorchModule module = ModelLoader.loadWeights(files, architecture, Precision.FLOAT32, device);
            return new TorchCrossEncoder(config, module, window, batchTokens);
        }
    }

    private TorchCrossEncoder(ModelConfig config, TorchModule module, int window, int batchTokens) {
        this.vocabulary = config.vocabularySize();
        this.separators = config.firstPosition() > 0 ? 2 : 1;
        this.typed = config.tokenTypes() > 1;
        this.module = new EncoderModule("reranker", module);
        this.window = Math.min(window, config.maxPositions());
        this.batchTokens = batchTokens;
    }

    @Override
    public int window() {
        return window;
    }

    @Override
    public int separators() {
        return separators;
    }

    @Override
    public List<Double> score(List<Pair> pairs) {
        pairs.forEach(this::check);
        double[] scores = new double[pairs.size()];
        for (List<Integer> some : EncoderModule.batches(pairs.stream().map(pair -> pair.tokens().length).toList(),
                batchTokens)) {
            double[] found = compute(some.stream().map(pairs::get).toList());
            for (int i = 0; i < found.length; i++) scores[some.get(i)] = found[i];
        }
        List<Double> ordered = new ArrayList<>(scores.length);
        for (double score : scores) ordered.add(score);
        return ordered;
    }

    private void check(Pair pair) {
        int length = pair.tokens().length;
        if (length < 1 || length > window || pair.second() < 0 || pair.second() > length)
            throw new IllegalArgumentException("a pair of " + length + " tokens, second at " + pair.second());
        for (int token : pair.tokens()) {
            if (token < 0 || token >= vocabulary)
                throw new IllegalArgumentException("token " + token + " is not in the vocabulary");
        }
    }

    /** The last pair is the longest. */
    private double[] compute(List<Pair> pairs) {
        int most = pairs.getLast().tokens().length;
        long[] tokens = new long[pairs.size() * most];
        long[] types = new long[tokens.length];
        long[] lengths = new long[pairs.size()];
        for (int i = 0; i < lengths.length; i++) {
            Pair pair = pairs.get(i);
            lengths[i] = pair.tokens().length;
            for (int k = 0; k < lengths[i]; k++) {
                tokens[i * most + k] = pair.tokens()[k];
                types[i * most + k] = typed && k >= pair.second() ? 1 : 0;
            }
        }
        return module.call(scope -> {
            IValue result = scope.call("score", scope.tensor(scope.longs(tokens, lengths.length, most)),
                    scope.tensor(scope.longs(types, lengths.length, most)),
                    scope.tensor(scope.longs(lengths, lengths.length)));
            return likelihoods(scope.toFloats(result), lengths.length);
        });
    }

    private static double[] likelihoods(float[] logits, int pairs) {
        int labels = logits.length / pairs;
        if (labels > 2) throw new UnsupportedModelException("a reranker has one label or two, not " + labels);
        double[] scores = new double[pairs];
        for (int i = 0; i < pairs; i++) {
            double logit = labels == 1 ? logits[i] : logits[2 * i + 1] - logits[2 * i];
            scores[i] = 1 / (1 + Math.exp(-logit));
        }
        return scores;
    }

    @Override
    public void close() {
        module.close();
    }
}
