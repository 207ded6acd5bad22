package graft.knowledge;

import graft.registry.knowledge.Pages;
import java.util.OptionalInt;

/**
 * A retrieved chunk. Offsets are Unicode code points into the stored text of one revision of the file.
 *
 * @param text  the stored slice [start, end) itself
 * @param score fused score, comparable within one retrieval only
 * @param page  page or slide on which it begins, from 1; empty where there are none
 */
public record Passage(String chunkId, String fileId, String filename, String revision, int start, int end, String text,
        double score, OptionalInt page) {

    /** Of a document without pages. */
    public Passage(String chunkId, String fileId, String filename, String revision, int start, int end, String text,
            double score) {
        this(chunkId, fileId, filename, revision, start, end, text, score, OptionalInt.empty());
    }

    /** @param codePoint of the text; @return the page it stands on */
    OptionalInt pageAt(int codePoint) {
        return Pages.after(page, text, codePoint);
    }
}
