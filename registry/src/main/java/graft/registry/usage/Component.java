package graft.registry.usage;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a request consumes, and a price can be put on. */
public enum Component {
    /** Prompt tokens that were computed. */
    PREFILL,
    /** Prompt tokens found in the prefix cache. */
    CACHED_PREFILL,
    /** Generated tokens. */
    DECODE,
    /** Tokens embedded to search, or for a caller's own embeddings. */
    EMBED_QUERY,
    /** Tokens embedded to index documents. */
    EMBED_INDEX,
    /** Searches of knowledge stores, counted. */
    RETRIEVE,
    /** KiB-hours of adapters, files and stores: 1,048,576 are a GiB-hour. */
    STORAGE,
    /** Adapters brought into memory, counted. */
    ADAPTER_LOAD;

    /** As in the API and in the database. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<Component> of(String word) {
        return Arrays.stream(values()).filter(component -> component.word().equals(word)).findFirst();
    }
}
