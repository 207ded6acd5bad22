package graft.registry.knowledge.images;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a store's searches compare, as it was at one revision of the store: codes of its vectors and its postings. It
 * holds no text but words, and nothing that it says is shown: whoever asks it has the database say which of the chunks
 * are still there, and how near. So a chunk that was deleted meanwhile costs a candidate and is never an answer.
 *
 * <p>One thread at a time changes it, under {@link #changing}; any may search meanwhile. It only grows: documents that
 * are gone are marked, and when they are many the image is made anew.
 */
public final class StoreImage {
    private final String space;
    private final VectorCodes vectors;
    private final Postings postings = new Postings();
    private final ReentrantLock changing = new ReentrantLock();
    private final Map<Long, Integer> byNumber = new ConcurrentHashMap<>(); // a document's latest ordinal
    private final Map<Long, Integer> byRevision = new ConcurrentHashMap<>();
    private volatile Chunks chunks = new Chunks(new long[0], new int[0], new int[0]);
    private volatile Documents documents = new Documents(new long[0], new long[0], new int[0], new boolean[0]);
    private volatile int chunkCount;
    private volatile int documentCount;
    private volatile int goneChunks;
    private volatile long revision = -1;

    /** By a chunk's ordinal. @param document its ordinal; @param length in lexemes */
    private record Chunks(long[] number, int[] document, int[] length) {
        Chunks longer(int room) {
            return new Chunks(Arrays.copyOf(number, room), Arrays.copyOf(document, room),
                    Arrays.copyOf(length, room));
        }
    }

    /** By a document's ordinal: a revision of a document. @param chunks how many; @param gone no longer visible */
    private record Documents(long[] number, long[] revision, int[] chunks, boolean[] gone) {
        Documents longer(int room) {
            return new Documents(Arrays.copyOf(number, room), Arrays.copyOf(revision, room),
                    Arrays.copyOf(chunks, room), Arrays.copyOf(gone, room));
        }
    }

    /**
     * A chunk of a document's visible revision.
     *
     * @param length  lexemes
     * @param windows its vectors
     */
    record Chunk(long document, long revision, long number, int length, List<String> lexemes,
            List<Integer> frequencies, List<float[]> windows) {}

    /** A chunk that a leg found. @param document its number; @param revision the one that holds the chunk */
    public record Candidate(long chunk, long document, long revision, double score) {}

    /** A word of a question. @param idf its weight */
    public record Word(String lexeme, double idf) {}

    /** Okapi BM25. @param averageLength of the store's chunks, in lexemes */
    public record Bm25(double k1, double b, double averageLength) {}

    /** @param space of its vectors: those of another can't be compared */
    StoreImage(String space, int dimensions) {
        this.space = space;
        this.vectors = new VectorCodes(dimensions);
    }

    String space() {
        return space;
    }

    ReentrantLock changing() {
        return changing;
    }

    /** Of the store, which this image is as new as. */
    public long revision() {
        return revision;
    }

    void revision(long now) {
        revision = now;
    }

    /** About what it takes of the heap. */
    long bytes() {
        return vectors.bytes() + postings.bytes() + chunks.number.length * 16L + documents.number.length * 150L;
    }

    int chunks() {
        return chunkCount;
    }

    /** Vectors, those of documents that are gone among them. */
    public int windows() {
        return vectors.count();
    }

    int goneChunks() {
        return goneChunks;
    }

    /** Under the lock. A newer revision of the same document takes the former one's place. */
    void add(Chunk chunk) {
        int document = document(chunk);
        int at = chunkCount;
        if (at >= Postings.MOST_CHUNKS) throw new IllegalStateException("an image holds no more than " + at);
        if (at == chunks.number.length) chunks = chunks.longer(at + at / 2 + 64);
        chunks.number[at] = chunk.number();
        chunks.document[at] = document;
        chunks.length[at] = chunk.length();
        documents.chunks[document]++;
        chunkCount = at + 1; // before what leads to it
        for (float[] window : chunk.windows()) vectors.add(at, window);
        postings.add(at, chunk.lexemes(), chunk.frequencies());
    }

    private int document(Chunk chunk) {
        Integer known = byNumber.get(chunk.document());
        if (known != null) {
            if (documents.revision[known] == chunk.revision()) return known;
            forget(documents.revision[known]);
        }
        int at = documentCount;
        if (at == documents.number.length) documents = documents.longer(at + at / 2 + 16);
        documents.number[at] = chunk.document();
        documents.revision[at] = chunk.revision();
        documentCount = at + 1;
        byNumber.put(chunk.document(), at);
        byRevision.put(chunk.revision(), at);
        return at;
    }

    /** Says that a revision is no longer visible, which it will never be again. Under the lock. */
    void forget(long gone) {
        Integer at = byRevision.remove(gone);
        if (at == null || documents.gone[at]) return;
        documents.gone[at] = true;
        goneChunks += documents.chunks[at];
        byNumber.remove(documents.number[at], at);
    }

    /** Forgets what is not among these. Under the lock. */
    void keepOnly(Collection<Long> visible) {
        for (Long held : List.copyOf(byRevision.keySet())) if (!visible.contains(held)) forget(held);
    }

    /** The documents of these revisions, by ordinal. */
    public BitSet documents(Collection<Long> revisions) {
        BitSet found = new BitSet(documentCount);
        for (Long held : revisions) {
            Integer at = byRevision.get(held);
            if (at != null) found.set(at);
        }
        return found;
    }

    /**
     * Chunks with the nearest windows, nearly in the order of their cosines; scores are none.
     *
     * @param allowed documents; empty for all
     */
    public List<Candidate> nearest(float[] vector, int most, Optional<BitSet> allowed) {
        return Arrays.stream(vectors.nearest(vector, most, this::standing, allowed.orElse(null)))
                .mapToObj(chunk -> candidate(chunk, 0)).toList();
    }

    /** The document's ordinal; negative when it is gone. */
    private int standing(int chunk) {
        int document = chunks.document[chunk];
        return documents.gone[document] ? -1 : document;
    }

    private Candidate candidate(int chunk, double score) {
        int document = chunks.document[chunk];
        return new Candidate(chunks.number[chunk], documents.number[document], documents.revision[document], score);
    }

    /**
     * The best chunks by BM25, best first and equal ones by their number; scores have nine digits, as the database
     * rounds them.
     *
     * @param allowed documents; empty for all
     */
    public List<Candidate> lexical(List<Word> words, Bm25 bm25, int most, Optional<BitSet> allowed) {
        double[] scores = new double[chunkCount];
        for (Word word : words) {
            postings.of(word.lexeme()).ifPresent(found -> add(scores, found, word.idf(), bm25));
        }
        return TopChunks.of(scores, most, chunk -> {
            int document = standing(chunk);
            return document >= 0 && (allowed.isEmpty() || allowed.get().get(document));
        }, chunks.number).stream().map(found -> candidate(found.ordinal(), found.score())).toList();
    }

    private void add(double[] scores, Postings.Occurrences found, double idf, Bm25 bm25) {
        int[] length = chunks.length;
        double norm = bm25.k1() * bm25.b() / bm25.averageLength();
        double least = bm25.k1() * (1 - bm25.b());
        double weight = idf * (bm25.k1() + 1);
        for (int i = 0; i < found.size(); i++) {
            int chunk = found.chunk(i);
            if (chunk >= scores.length) break; // came meanwhile
            int frequency = found.frequency(i);
            scores[chunk] += weight * frequency / (frequency + least + norm * length[chunk]);
        }
    }
}
