package graft.knowledge.retrieval;

import graft.engine.CrossEncoder;
import graft.tokens.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A cross-encoder with its tokeniser: a question and a passage become one input, {@code [CLS] question [SEP] passage
 * [SEP]}. A passage over the window is read in overlapping parts and has the best part's score; a question may fill
 * half of the window. Any thread may call. Owns neither.
 */
public final class CrossEncoderReranker implements Reranker {
    private static final int MOST_PARTS = 8; // of one passage: 800 tokens are two
    private final CrossEncoder encoder;
    private final Tokenizer tokenizer;

    public CrossEncoderReranker(CrossEncoder encoder, Tokenizer tokenizer) {
        this.encoder = encoder;
        this.tokenizer = tokenizer;
    }

    @Override
    public List<Double> score(String question, List<String> passages) {
        int[] asked = tokenizer.encode(question, true);
        int half = encoder.window() / 2;
        if (asked.length > half) {
            int separator = asked[asked.length - 1];
            asked = Arrays.copyOf(asked, half);
            asked[half - 1] = separator;
        }
        asked = separated(asked);
        List<CrossEncoder.Pair> pairs = new ArrayList<>();
        List<Integer> owners = new ArrayList<>();
        for (int i = 0; i < passages.size(); i++) {
            for (CrossEncoder.Pair pair : parts(asked, tokenizer.encode(passages.get(i), false))) {
                pairs.add(pair);
                owners.add(i);
            }
        }
        List<Double> scores = encoder.score(pairs);
        Double[] best = new Double[passages.size()];
        for (int i = 0; i < pairs.size(); i++) {
            int owner = owners.get(i);
            best[owner] = best[owner] == null ? scores.get(i) : Math.max(best[owner], scores.get(i));
        }
        return List.of(best);
    }

    /** The last token, a separator, as often as the model wants it between two texts. */
    private int[] separated(int[] asked) {
        int[] wider = Arrays.copyOf(asked, asked.length + encoder.separators() - 1);
        Arrays.fill(wider, asked.length, wider.length, asked[asked.length - 1]);
        return wider;
    }

    private List<CrossEncoder.Pair> parts(int[] asked, int[] passage) {
        int room = encoder.window() - asked.length - 1;
        List<CrossEncoder.Pair> parts = new ArrayList<>();
        for (int from = 0; parts.isEmpty() || from < passage.length && parts.size() < MOST_PARTS;
                from += Math.max(1, room - room / 8)) {
            int to = Math.min(passage.length, from + room);
            int[] tokens = Arrays.copyOf(asked, asked.length + to - from + 1);
            System.arraycopy(passage, from, tokens, asked.length, to - from);
            tokens[tokens.length - 1] = asked[asked.length - 1];
            parts.add(new CrossEncoder.Pair(tokens, asked.length));
            if (to == passage.length) break;
        }
        return parts;
    }
}
