package graft.knowledge;

/**
 * A retrieved chunk. Offsets are Unicode code points into the stored text of one revision of the file.
 *
 * @param text  the stored slice [start, end) itself
 * @param score fused score, comparable within one retrieval only
 */
public record Passage(String chunkId, String fileId, String filename, String revision, int start, int end, String text,
        double score) {}
