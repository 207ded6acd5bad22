package graft.generation;

import graft.generation.Delta.Cited;
import graft.knowledge.Citations;
import java.util.List;

/**
 * Reads an answer while it is generated: what of it is sent, and which citations it earns. Text passes as it is; only
 * citations are gated. One per choice, one thread.
 */
interface AnswerReader {
    /** What to send now. */
    Part push(String text);

    /** The end of the answer. */
    Part finish();

    /** Quotes that stand in no passage. */
    int unverifiedQuotes();

    record Part(String text, List<Cited> citations) {
        static final Part NOTHING = new Part("", List.of());
    }

    /** @param showReasoning false to send only what stands behind raft-v1's {@code <ANSWER>:} */
    static AnswerReader of(PromptFormat format, Citations citations, boolean showReasoning) {
        return switch (format) {
            case RAFT_V1 -> new RaftReader(citations, showReasoning);
            case DOCUMENTS_V1 -> new DocumentsReader(citations);
        };
    }
}
