package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.generation.GenerationRequest.Knowledge;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The object {@code graft} of a request (CONTRACT.md); a field that is not here is refused. */
record GraftOptions(List<String> vectorStoreIds, Integer maxNumResults, JsonNode filters, String retrieval,
        Boolean strict,
        Boolean showReasoning, List<Composed> adapters, Boolean returnTokenIds, Integer topLogprobs) {
    static final int MAX_RESULTS = 50;
    static final int MAX_STORES = 16;
    static final int MAX_ADAPTERS = 8;
    private static final Set<String> MODES = Set.of("auto", "search", "pinned", "off");
    private static final GraftOptions NONE = new GraftOptions(null, null, null, null, null, null, null, null, null);

    /** An adapter to add, with a factor. */
    record Composed(String name, Double scale) {}

    static GraftOptions of(JsonNode graft) {
        if (graft == null || graft.isNull()) return NONE;
        if (!graft.isObject()) throw ApiException.invalid("graft", "'graft' must be an object.");
        GraftOptions options = Json.readStrict(graft, GraftOptions.class, "graft");
        options.check();
        return options;
    }

    private void check() {
        Checks.within("graft.max_num_results", maxNumResults, 1, MAX_RESULTS);
        Checks.within("graft.top_logprobs", topLogprobs, 0, 20);
        if (retrieval != null && !MODES.contains(retrieval))
            throw ApiException.invalid("graft.retrieval", "'retrieval' must be auto, search, pinned or off.");
        if (vectorStoreIds != null && (vectorStoreIds.size() > MAX_STORES || vectorStoreIds.contains(null)))
            throw ApiException.invalid("graft.vector_store_ids", "At most " + MAX_STORES
                    + " store ids, none of them null.");
        if (filters != null && !filters.isNull() && !filters.isObject())
            throw ApiException.invalid("graft.filters", "'filters' must be a comparison or compound filter.");
        if (adapters == null) return;
        if (adapters.size() > MAX_ADAPTERS) throw ApiException.invalid("graft.adapters", "At most " + MAX_ADAPTERS
                + " adapters.");
        for (int i = 0; i < adapters.size(); i++) {
            Composed one = adapters.get(i);
            if (one == null || one.name == null) throw ApiException.invalid("graft.adapters[" + i + "].name",
                    "An adapter needs a name.");
            if (one.scale != null && !Double.isFinite(one.scale))
                throw ApiException.invalid("graft.adapters[" + i + "].scale", "A scale must be a number.");
        }
    }

    Knowledge knowledge() {
        return new Knowledge(vectorStoreIds == null ? List.of() : vectorStoreIds, maxNumResults == null ? 4
                : maxNumResults,
                filters == null || filters.isNull() ? Optional.empty() : Optional.of(filters.toString()),
                retrieval == null ? "auto" : retrieval, Boolean.TRUE.equals(strict),
                        !Boolean.FALSE.equals(showReasoning));
    }

    List<Composed> composed() {
        return adapters == null ? List.of() : adapters;
    }

    boolean tokenIds() {
        return Boolean.TRUE.equals(returnTokenIds);
    }

    int alternatives() {
        return topLogprobs == null ? 0 : topLogprobs;
    }
}
