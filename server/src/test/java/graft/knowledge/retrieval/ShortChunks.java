package graft.knowledge.retrieval;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.knowledge.TextEmbedder;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.text.BreakIterator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/**
 * Many short chunks for timing searches: sentences, pairs and triples of SciFact's abstracts, cut at
 * {@value #MOST_TOKENS} tokens, no two the same, in an order that a seed fixes, so that any first part of them is of
 * the same kind. Their vectors are made once and kept under the cache folder; what was cut short is gone on with.
 */
final class ShortChunks {
    static final int MOST_TOKENS = 48;
    private static final int BLOCK = 2048;
    private static final ObjectMapper JSON = new ObjectMapper();
    private final List<String> texts;
    private final Path vectors;
    private final TextEmbedder embedder;

    private ShortChunks(List<String> texts, Path vectors, TextEmbedder embedder) {
        this.texts = texts;
        this.vectors = vectors;
        this.embedder = embedder;
    }

    /** @param corpus BEIR's corpus.jsonl; @param cache folder of the kept vectors; @param most chunks at most */
    static ShortChunks of(Path corpus, Path cache, TextEmbedder embedder, int most) throws IOException {
        Files.createDirectories(cache);
        Path kept = cache.resolve("short-chunks-" + embedder.id() + ".json"); // cutting takes minutes
        if (!Files.exists(kept)) JSON.writeValue(kept.toFile(), texts(corpus, embedder));
        List<String> texts = List.of(JSON.readValue(kept.toFile(), String[].class));
        return new ShortChunks(texts.subList(0, Math.min(most, texts.size())),
                cache.resolve("short-chunks-" + embedder.id() + "-" + texts.size() + ".f32"), embedder);
    }

    private static List<String> texts(Path corpus, TextEmbedder embedder) throws IOException {
        Set<String> found = new LinkedHashSet<>();
        for (String line : Files.readAllLines(corpus)) {
            JsonNode row = JSON.readTree(line);
            List<String> sentences = sentences(row.get("text").asText());
            for (int from = 0; from < sentences.size(); from++) {
                for (int count = 1; count <= 3 && from + count <= sentences.size(); count++) {
                    found.add(cut(String.join(" ", sentences.subList(from, from + count)), embedder));
                }
            }
        }
        List<String> texts = new ArrayList<>(found);
        Collections.shuffle(texts, new Random(6));
        return texts;
    }

    /** As many of the first words as fit. */
    private static String cut(String text, TextEmbedder embedder) {
        String kept = text;
        for (int tokens = embedder.count(kept); tokens > MOST_TOKENS; tokens = embedder.count(kept)) {
            int space = kept.lastIndexOf(' ', Math.max(1, kept.length() * MOST_TOKENS / tokens));
            kept = space <= 0 ? kept.substring(0, kept.length() / 2) : kept.substring(0, space);
        }
        return kept;
    }

    private static List<String> sentences(String text) {
        BreakIterator breaks = BreakIterator.getSentenceInstance(Locale.ENGLISH);
        breaks.setText(text);
        List<String> sentences = new ArrayList<>();
        for (int from = breaks.first(), to = breaks.next(); to != BreakIterator.DONE; from = to, to = breaks.next()) {
            String sentence = text.substring(from, to).strip();
            if (!sentence.isEmpty()) sentences.add(sentence);
        }
        return sentences;
    }

    /** All that there could be. */
    int size() {
        return texts.size();
    }

    String text(int index) {
        return texts.get(index);
    }

    /** How many have their vector. */
    int embedded() {
        try {
            return !Files.exists(vectors) ? 0
                    : (int) Math.min(texts.size(), Files.size(vectors) / Float.BYTES / embedder.dimensions());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Embeds what has no vector yet, for about so long. @return texts a second */
    double embed(Duration most) throws IOException {
        long began = System.nanoTime();
        int first = embedded();
        int done = first;
        try (OutputStream out = Files.newOutputStream(vectors, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            while (done < texts.size() && System.nanoTime() - began < most.toNanos()) {
                List<String> block = texts.subList(done, Math.min(texts.size(), done + BLOCK));
                ByteBuffer bytes = ByteBuffer.allocate(block.size() * embedder.dimensions() * Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
                for (float[] vector : embedder.embed(block).vectors()) {
                    for (float component : vector) bytes.putFloat(component);
                }
                out.write(bytes.array());
                done += block.size();
            }
        }
        return (done - first) / ((System.nanoTime() - began) / 1e9);
    }

    /**
     * One a chunk: of those without their own yet a stand-in, which is between two others' and a little beside them.
     */
    List<float[]> vectors() throws IOException {
        int width = embedder.dimensions();
        int own = embedded();
        List<float[]> found = new ArrayList<>(texts.size());
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(vectors)))) {
            byte[] bytes = new byte[width * Float.BYTES];
            for (int i = 0; i < own; i++) {
                in.readFully(bytes);
                float[] vector = new float[width];
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
                found.add(vector);
            }
        }
        Random random = new Random(7);
        for (int i = own; i < texts.size(); i++) {
            float[] one = found.get(random.nextInt(own));
            float[] other = found.get(random.nextInt(own));
            float share = 0.5f + random.nextFloat() / 2;
            float[] vector = new float[width];
            for (int d = 0; d < width; d++) {
                vector[d] = share * one[d] + (1 - share) * other[d] + (float) random.nextGaussian(0, 0.01);
            }
            found.add(vector);
        }
        return found;
    }
}
