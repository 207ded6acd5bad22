package graft.knowledge;

import java.util.OptionalInt;

/**
 * A quote that stands in a document.
 *
 * @param passage number shown to the model, from 1
 * @param quote   the stored text's slice [start, end) itself, not the model's spelling
 * @param start   code point in the stored text
 * @param page    page or slide on which it begins, from 1; empty where there are none
 */
public record Citation(String fileId, String filename, int passage, String quote, int start, int end, String chunkId,
        String revision, OptionalInt page) {}
