package graft.registry.knowledge;

import java.time.Instant;
import java.util.Optional;

/**
 * A file in a store, in the API a vector store file.
 *
 * @param attributes JSON object as text
 * @param error      why it failed
 * @param sourceUrl  where the file was read from
 */
public record Document(long number, String storeId, String fileId, String filename, Status status,
        Optional<IngestionError> error, String attributes, Chunking chunking, long usageBytes, Instant createdAt,
        Optional<String> sourceUrl) {

    /** Where a document stands; only completed ones are found, but one that is replaced stays found meanwhile. */
    public enum Status { IN_PROGRESS, COMPLETED, FAILED, CANCELLED }

    /** @param code {@code server_error}, {@code unsupported_file} or {@code invalid_file} */
    public record IngestionError(String code, String message) {}

    /** @param maxTokens most tokens a chunk has; @param overlapTokens shared with the chunk before */
    public record Chunking(int maxTokens, int overlapTokens) {}
}
