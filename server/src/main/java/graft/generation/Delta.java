package graft.generation;

import graft.engine.GeneratedToken;
import graft.generation.tools.CallPiece;
import graft.knowledge.Citation;
import java.util.List;

/**
 * A piece of one choice.
 *
 * @param text      may be empty where there are tokens, citations or calls
 * @param citations that became certain with it
 * @param calls     pieces of calls, in order
 * @param tokens    generated since the choice's last delta, a stop token included
 */
public record Delta(int choice, String text, List<Cited> citations, List<CallPiece> calls,
        List<GeneratedToken> tokens) {
    public Delta {
        citations = List.copyOf(citations);
        calls = List.copyOf(calls);
        tokens = List.copyOf(tokens);
    }

    /** @param index code point of the content that is sent, where the citation belongs */
    public record Cited(Citation citation, int index) {}
}
