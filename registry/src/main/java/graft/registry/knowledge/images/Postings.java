package graft.registry.knowledge.images;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Which chunks hold a word, and how often. One thread adds, others may read meanwhile: they see chunks that came in
 * the middle of it or do not.
 */
final class Postings {
    /** Ordinals have 24 bits beside a frequency of 8: a tsvector keeps at most 255 places of a word. */
    static final int MOST_CHUNKS = 1 << 24;
    private static final int ENTRY_BYTES = 160; // of the map, with a short word and an empty list
    private final Map<String, Word> words = new ConcurrentHashMap<>();
    private final AtomicLong bytes = new AtomicLong();

    /** An array that grows; the size is written last and read first. */
    private static final class Word {
        private volatile int[] packed = new int[2];
        private volatile int size;

        void add(int chunk, int frequency, AtomicLong bytes) {
            int[] held = packed;
            if (size == held.length) {
                held = Arrays.copyOf(held, size + size / 2 + 2);
                bytes.addAndGet(4L * (held.length - size));
                packed = held;
            }
            held[size] = chunk << 8 | Math.clamp(frequency, 1, 255);
            size = size + 1;
        }
    }

    /** Chunks by ordinal, ascending, with the frequency in each. Only the first {@code size} places count. */
    record Occurrences(int[] packed, int size) {
        int chunk(int place) {
            return packed[place] >>> 8;
        }

        int frequency(int place) {
            return packed[place] & 255;
        }
    }

    void add(int chunk, List<String> lexemes, List<Integer> frequencies) {
        for (int i = 0; i < lexemes.size(); i++) {
            Word word = words.get(lexemes.get(i));
            if (word == null) {
                word = new Word();
                words.put(lexemes.get(i), word);
                bytes.addAndGet(ENTRY_BYTES);
            }
            word.add(chunk, frequencies.get(i), bytes);
        }
    }

    Optional<Occurrences> of(String lexeme) {
        Word word = words.get(lexeme);
        if (word == null) return Optional.empty();
        int size = word.size;
        return Optional.of(new Occurrences(word.packed, size));
    }

    long bytes() {
        return bytes.get();
    }
}
