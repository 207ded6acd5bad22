package graft.knowledge;

import graft.registry.knowledge.RetrievalDao;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds passages for a question in a tenant's knowledge stores. Any thread may call; waits for the database. */
public interface Retrieval {
    /** @throws UnknownStoreException if a store is absent or foreign */
    Retrieved retrieve(Question question);

    /**
     * All that the stores hold, in an order that does not change while they don't; only what meets the question's
     * filter.
     *
     * @param mostCharacters code points of the texts; empty where there are more, or where this can't be had at all
     * @throws UnknownStoreException if a store is absent or foreign
     */
    default Optional<Whole> whole(Question question, long mostCharacters) {
        return Optional.empty();
    }

    /** Those of these revisions that may still be cited: a deleted or replaced document's may not. */
    default Set<String> standing(String tenantId, Set<String> revisions) {
        return revisions;
    }

    /** How far these passages can answer, from 0 to 1. */
    default double support(String question, List<Passage> passages) {
        return passages.isEmpty() ? 0 : 1;
    }

    /** Stores as one. */
    interface Whole {
        List<Passage> passages();

        /** Says that they were shown, and records it. */
        Retrieved shown();
    }

    /** What the passages are shown to. @param adapterDigest empty for the base model alone */
    record Reader(String promptFormat, Optional<String> adapterDigest) {
        public RetrievalDao.Reader recorded() {
            return new RetrievalDao.Reader(promptFormat, adapterDigest);
        }
    }

    /**
     * @param mode    {@code auto}, {@code search} or {@code pinned}
     * @param filters OpenAI's comparison or compound filter as JSON text
     * @param reader  what will be shown the passages, for the record
     */
    record Question(String tenantId, List<String> storeIds, String text, int maxResults, Optional<String> filters,
            String mode, Optional<Reader> reader) {
        public Question {
            storeIds = List.copyOf(storeIds);
        }

        /** Asked for nobody to read. */
        public Question(String tenantId, List<String> storeIds, String text, int maxResults, Optional<String> filters,
                String mode) {
            this(tenantId, storeIds, text, maxResults, filters, mode, Optional.empty());
        }
    }

    /**
     * @param retrievalId the audit record, for {@code GET /admin/v1/retrievals/{id}}
     * @param mode        what was done: {@code search} or {@code pinned}
     * @param queryTokens tokens embedded
     * @param micros      the whole retrieval
     * @param stages      microseconds by stage, in the order in which they are told
     */
    record Retrieved(String retrievalId, String mode, List<Passage> passages, int queryTokens, long micros,
            Map<String, Long> stages) {
        public Retrieved {
            passages = List.copyOf(passages);
        }

        /** Where no stages are known. */
        public Retrieved(String retrievalId, String mode, List<Passage> passages, int queryTokens, long micros) {
            this(retrievalId, mode, passages, queryTokens, micros, Map.of());
        }
    }

    /** The named store does not exist for this tenant. */
    final class UnknownStoreException extends RuntimeException {
        private static final long serialVersionUID = 1;

        public UnknownStoreException(String storeId) {
            super(storeId);
        }
    }
}
