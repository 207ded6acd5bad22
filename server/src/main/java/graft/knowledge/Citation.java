package graft.knowledge;

/**
 * A quote that stands in a document.
 *
 * @param passage number shown to the model, from 1
 * @param quote   the stored text's slice [start, end) itself, not the model's spelling
 * @param start   code point in the stored text
 */
public record Citation(String fileId, String filename, int passage, String quote, int start, int end, String chunkId,
        String revision) {}
