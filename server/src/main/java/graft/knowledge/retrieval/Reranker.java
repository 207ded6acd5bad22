package graft.knowledge.retrieval;

import java.util.List;

/** Scores passages against a question, reading both together (a cross-encoder). Any thread may call. */
public interface Reranker {
    /** @return one score a passage, in order, from 0 to 1; higher is better */
    List<Double> score(String question, List<String> passages);
}
