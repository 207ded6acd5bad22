package graft.registry.knowledge.uploads;

import java.time.Instant;
import java.util.Optional;

/**
 * A file that comes in parts: {@code upload_...}.
 *
 * @param bytes  that all parts will have together
 * @param fileId once it is completed
 */
public record Upload(String id, String filename, String purpose, long bytes, Status status, Instant createdAt,
        Instant expiresAt, Optional<String> fileId) {

    public enum Status { PENDING, COMPLETED, CANCELLED, EXPIRED }

    /** One of its parts: {@code part_...}. */
    public record Part(String id, String uploadId, Instant createdAt) {}

    /** What came of a wish to change one. */
    public sealed interface Changed {
        record Done(Upload upload) implements Changed {}

        record Added(Part part) implements Changed {}

        record NoSuchUpload() implements Changed {}

        /** It is completed, cancelled or expired. */
        record NotPending(Status status) implements Changed {}

        record TooManyPending(int most) implements Changed {}

        record TooManyBytes(long most) implements Changed {}

        record NoSuchPart(String id) implements Changed {}

        record OtherBytes(long expected, long actual) implements Changed {}

        record OtherDigest(String actual) implements Changed {}
    }
}
