package graft.registry.knowledge;

import java.time.Instant;
import java.util.Optional;

/** A file as uploaded: {@code file-...}. Its bytes never change. */
public record StoredFile(String id, String filename, String purpose, long bytes, Instant createdAt,
        Optional<Instant> expiresAt) {}
