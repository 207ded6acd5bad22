package graft.engine;

import java.util.Objects;
import java.util.Set;

/**
 * The base model an engine serves.
 *
 * @param id            the name callers use, as in {@code /v1/models}
 * @param digest        {@code sha256:...} over its weights and configuration
 * @param contextLength tokens of prompt and answer together
 * @param vocabularySize rows of the output head
 * @param stopTokens    ids that end an answer (end of sequence, end of turn)
 */
public record BaseModel(String id, String digest, int contextLength, int vocabularySize, Set<Integer> stopTokens) {
    public BaseModel {
        Objects.requireNonNull(id);
        Objects.requireNonNull(digest);
        stopTokens = Set.copyOf(stopTokens);
        if (contextLength < 1) throw new IllegalArgumentException("contextLength " + contextLength);
        if (vocabularySize < 1) throw new IllegalArgumentException("vocabularySize " + vocabularySize);
    }
}
