package graft.registry.knowledge;

import java.time.Instant;
import java.util.Optional;

/**
 * A file as uploaded, or as read from the web: {@code file-...}. Its bytes never change, once they are there.
 *
 * @param sourceUrl where it was or will be read from
 */
public record StoredFile(String id, String filename, String purpose, long bytes, Instant createdAt,
        Optional<Instant> expiresAt, Optional<String> sourceUrl) {}
