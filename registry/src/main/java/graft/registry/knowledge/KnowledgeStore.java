package graft.registry.knowledge;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A knowledge store, in the API a vector store: {@code vs_...}.
 *
 * @param number       its key in the tables that grow
 * @param metadata     JSON object as text
 * @param embedder     which model made its vectors
 * @param expiresAfterDays without use; empty for never
 * @param revision     counts published changes
 */
public record KnowledgeStore(long number, String id, String name, String description, String metadata, String embedder,
        int dimensions, Optional<Integer> expiresAfterDays, Instant createdAt, Instant lastActiveAt, long revision,
        long usageBytes, FileCounts files) {

    /** How many files a store or batch has in each status. */
    public record FileCounts(int inProgress, int completed, int failed, int cancelled) {
        public int total() {
            return inProgress + completed + failed + cancelled;
        }
    }

    public Optional<Instant> expiresAt() {
        return expiresAfterDays.map(days -> lastActiveAt.plus(Duration.ofDays(days)));
    }

    public boolean isExpired(Instant now) {
        return expiresAt().filter(now::isAfter).isPresent();
    }
}
