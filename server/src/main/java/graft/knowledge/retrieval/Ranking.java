package graft.knowledge.retrieval;

/** By what a search ranks. A single leg is for measuring it and for callers who know what they want. */
public enum Ranking {
    FUSED, BM25, VECTOR;

    boolean byWords() {
        return this != VECTOR;
    }

    boolean byMeaning() {
        return this != BM25;
    }
}
