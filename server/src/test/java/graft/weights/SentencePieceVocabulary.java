package graft.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A small SentencePiece vocabulary made at random, and the tokenizer.json that a GGUF file with it gives. */
public final class SentencePieceVocabulary {
    private static final String LETTERS = "▁abcdeé日";
    private static final String STRANGERS = "z🙂";
    private static final int FIRST_PIECE = 3 + 256;
    private final Map<String, Integer> ids = new LinkedHashMap<>();
    private final List<Float> scores = new ArrayList<>();

    private SentencePieceVocabulary() {}

    /**
     * Unknown, BOS, EOS, 256 bytes, then pieces; a later piece has a lower score and is a union of two earlier ones.
     */
    public static SentencePieceVocabulary random(Random random) {
        SentencePieceVocabulary vocabulary = new SentencePieceVocabulary();
        for (String special : List.of("<unk>", "<s>", "</s>")) vocabulary.add(special, 0);
        for (int i = 0; i < 256; i++) vocabulary.add(String.format("<0x%02X>", i), 0);
        List<String> pieces = new ArrayList<>(LETTERS.codePoints().mapToObj(Character::toString).toList());
        List<String> unions = new ArrayList<>();
        while (unions.size() < 60) {
            String union = pieces.get(random.nextInt(pieces.size())) + pieces.get(random.nextInt(pieces.size()));
            if (union.length() > 8 || pieces.contains(union)) continue;
            pieces.add(union);
            unions.add(union);
        }
        for (int i = 0; i < unions.size(); i++) vocabulary.add(unions.get(i), -i - 1);
        for (String letter : LETTERS.codePoints().mapToObj(Character::toString).toList()) vocabulary.add(letter, -1000);
        return vocabulary;
    }

    private void add(String piece, float score) {
        ids.put(piece, ids.size());
        scores.add(score);
    }

    /** -1 for what is not a piece. */
    public int id(String piece) {
        return ids.getOrDefault(piece, -1);
    }

    public double score(String piece) {
        int id = id(piece);
        return id < FIRST_PIECE ? Double.NEGATIVE_INFINITY : scores.get(id);
    }

    /** A text of the vocabulary's letters, spaces, and characters that only bytes can spell. */
    public String text(Random random) {
        StringBuilder text = new StringBuilder();
        int[] points = (LETTERS.replace('▁', ' ') + STRANGERS).codePoints().toArray();
        for (int i = random.nextInt(30); i > 0; i--) text.appendCodePoint(points[random.nextInt(points.length)]);
        return text.toString();
    }

    public String tokenizerJson() {
        int[] types = new int[ids.size()];
        float[] scored = new float[types.length];
        for (int id = 0; id < types.length; id++) {
            types[id] = id == 0 ? 2 : id < 3 ? 3 : id < FIRST_PIECE ? 6 : 1;
            scored[id] = scores.get(id);
        }
        GgufWriter writer = GgufWriter.tinyLlama().put("tokenizer.ggml.model", "llama")
                .put("tokenizer.ggml.pre", "default")
                .put("tokenizer.ggml.tokens", List.copyOf(ids.keySet())).putInts("tokenizer.ggml.token_type", types)
                .putFloats("tokenizer.ggml.scores", scored).put("tokenizer.ggml.bos_token_id", 1)
                .put("tokenizer.ggml.eos_token_id", 2).put("tokenizer.ggml.unknown_token_id", 0);
        try {
            Path file = Files.createTempFile("vocabulary", ".gguf");
            try (ModelFiles model = ModelFiles.open(Files.write(file, writer.bytes()),
                    ModelFiles.DEFAULT_HEADER_LIMIT)) {
                return model.tokenizerJson().orElseThrow();
            } finally {
                Files.delete(file);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
