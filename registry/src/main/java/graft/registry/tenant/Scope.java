package graft.registry.tenant;

import java.util.Arrays;
import java.util.Optional;

/** What an API key may do. */
public enum Scope {
    /** Models, completions, embeddings, and one's own usage. */
    INFERENCE("inference"),
    /** Files and knowledge stores. */
    KNOWLEDGE("knowledge"),
    /** Adapters of one's own tenant. */
    ADAPTERS("adapters"),
    /** Everything under /admin/v1, for every tenant. */
    ADMIN("admin"),
    /** Narrows a key that has it to requests that change nothing. */
    READ_ONLY("read-only");

    private final String word;

    Scope(String word) {
        this.word = word;
    }

    /** As written in the API and in the database. */
    public String word() {
        return word;
    }

    public static Optional<Scope> of(String word) {
        return Arrays.stream(values()).filter(scope -> scope.word.equals(word)).findFirst();
    }
}
