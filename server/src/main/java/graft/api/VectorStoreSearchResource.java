package graft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.Admission;
import graft.admission.AdmissionRequest;
import graft.admission.Admitted;
import graft.admission.Caller;
import graft.engine.Finished;
import graft.generation.Outcome;
import graft.knowledge.Filters;
import graft.knowledge.KnowledgeSearch;
import graft.knowledge.Passage;
import graft.knowledge.Retrieval;
import graft.knowledge.TextEmbedder;
import graft.knowledge.retrieval.Expansion;
import graft.knowledge.retrieval.Ranking;
import graft.metering.UsageRecorder;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.tenant.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Searches of a knowledge store, and the records that every retrieval leaves. */
final class VectorStoreSearchResource implements Resource {
    private static final List<String> RANKERS = List.of("none", "auto", "default-2024-11-15");
    private static final int BY_DEFAULT = 10;
    private static final int MOST = 50;
    private final KnowledgeSearch search;
    private final RetrievalDao retrievals;
    private final Meter meter;
    private final Bounds bounds;

    /**
     * @param queries    most questions a search may ask at once: {@code knowledge.max-queries}
     * @param characters longest question: {@code knowledge.max-query-characters}
     * @param results    that {@code graft.max_num_results} may ask for: {@code knowledge.max-results}
     */
    record Bounds(int queries, int characters, int results) {}

    /** What a search is admitted and billed by. @param embedder whose prices apply */
    record Meter(Admission admission, UsageRecorder usage, TextEmbedder embedder) {}

    VectorStoreSearchResource(KnowledgeSearch search, RetrievalDao retrievals, Meter meter, Bounds bounds) {
        this.search = search;
        this.retrievals = retrievals;
        this.meter = meter;
        this.bounds = bounds;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.post("/v1/vector_stores/{vector_store_id}/search", Scope.KNOWLEDGE, this::search),
                Route.get("/admin/v1/retrievals/{retrieval_id}", Scope.KNOWLEDGE, this::get));
    }

    /** rewrite_query is accepted and changes nothing: questions are searched as they are. */
    record SearchBody(JsonNode query, Integer maxNumResults, JsonNode filters, RankingOptions rankingOptions,
            JsonNode graft) {}

    /**
     * What OpenAI's search does not have.
     *
     * @param maxNumResults more than OpenAI's 50, for whoever measures
     * @param ranking       {@code fused}, {@code bm25} or {@code vector}
     * @param expand        {@code none}, {@code neighbours}, {@code section} or {@code links}
     * @param rerank        false leaves out a reranker that the server has
     */
    record GraftSearch(Integer maxNumResults, String ranking, String expand, Boolean rerank) {
        static final GraftSearch NONE = new GraftSearch(null, null, null, null);

        KnowledgeSearch.Manner manner() {
            return new KnowledgeSearch.Manner(named(Ranking.values(), ranking, "ranking"),
                    named(Expansion.Kind.values(), expand, "expand"), rerank == null || rerank);
        }

        /** The first one by default. */
        private static <E extends Enum<E>> E named(E[] all, String name, String field) {
            if (name == null) return all[0];
            return Stream.of(all).filter(one -> one.name().toLowerCase(Locale.ROOT).equals(name)).findFirst()
                    .orElseThrow(() -> ApiException.invalid("graft." + field, "'" + field + "' must be one of "
                            + Stream.of(all).map(one -> one.name().toLowerCase(Locale.ROOT)).toList() + "."));
        }
    }

    record RankingOptions(String ranker, Double scoreThreshold) {}

    record Content(String type, String text) {}

    /** @param page left out where there are none; @param linkedFrom in what a link led to, the chunk that links */
    record GraftItem(String chunkId, String revision, int start, int end,
            @JsonInclude(JsonInclude.Include.NON_NULL) Integer page,
            @JsonInclude(JsonInclude.Include.NON_NULL) String linkedFrom) {}

    record Item(String fileId, String filename, double score, @JsonRawValue String attributes, List<Content> content,
            GraftItem graft) {
        static Item of(KnowledgeSearch.Result result) {
            Passage passage = result.passage();
            return new Item(passage.fileId(), passage.filename(), passage.score(), result.attributes(),
                    List.of(new Content("text", passage.text())),
                    new GraftItem(passage.chunkId(), passage.revision(), passage.start(), passage.end(),
                            GraftReply.page(passage.page()), result.linkedFrom().orElse(null)));
        }
    }

    record GraftPage(String retrievalId) {}

    record ResultsPage(String object, List<String> searchQuery, List<Item> data, boolean hasMore, String nextPage,
            GraftPage graft) {}

    private void search(Exchange exchange) {
        SearchBody body = exchange.body(SearchBody.class);
        List<String> queries = queries(body.query());
        GraftSearch graft = StoreFields.isAbsent(body.graft()) ? GraftSearch.NONE
                : Json.readStrict(body.graft(), GraftSearch.class, "graft");
        Checks.within("max_num_results", body.maxNumResults(), 1, MOST);
        Checks.within("graft.max_num_results", graft.maxNumResults(), 1, bounds.results());
        int most = graft.maxNumResults() != null ? graft.maxNumResults()
                : body.maxNumResults() != null ? body.maxNumResults() : BY_DEFAULT;
        Optional<String> filters = StoreFields.isAbsent(body.filters()) ? Optional.empty()
                : Optional.of(body.filters().toString());
        KnowledgeSearch.Request request = new KnowledgeSearch.Request(exchange.caller().tenantId(),
                List.of(exchange.path("vector_store_id")), queries, most, filters, threshold(body.rankingOptions()),
                graft.manner());
        KnowledgeSearch.Results results = metered(exchange, request);
        exchange.header("Server-Timing", serverTiming(results.stages()));
        exchange.ok(new ResultsPage("vector_store.search_results.page", queries,
                results.results().stream().map(Item::of).toList(), false, null, new GraftPage(results.retrievalId())));
    }

    private KnowledgeSearch.Results metered(Exchange exchange, KnowledgeSearch.Request request) {
        Caller caller = exchange.caller();
        String model = meter.embedder().id();
        int tokens = request.queries().stream().mapToInt(meter.embedder()::count).sum();
        return switch (meter.admission().admit(new AdmissionRequest(caller, exchange.requestId(), model,
                Optional.empty(), tokens, 0, 1, request.queries().size()))) {
            case Admission.Refused refused -> throw Models.refuse(exchange, new Outcome.Limited(refused));
            case Admitted admitted -> {
                try (admitted; UsageRecorder.Ticket ticket = meter.usage().open(new UsageRecorder.Start(
                        exchange.requestId(), caller.tenantId(), caller.keyId(), "search", model, Optional.empty(), 0,
                        0))) {
                    admitted.limits().headers().forEach(exchange::header);
                    long start = System.nanoTime();
                    KnowledgeSearch.Results results = results(request);
                    ticket.retrieved(results.queryTokens(), (System.nanoTime() - start) / 1000);
                    ticket.settle(new Finished(Finished.Reason.STOP_TOKEN, 0, 0, 0, 0,
                            results.stages().getOrDefault("embed", 0L), Optional.empty()), 0);
                    yield results;
                }
            }
        };
    }

    private KnowledgeSearch.Results results(KnowledgeSearch.Request request) {
        try {
            return search.search(request);
        } catch (Retrieval.UnknownStoreException e) {
            throw ApiException.notFound();
        } catch (Filters.InvalidFilterException e) {
            throw ApiException.invalid("filters", e.getMessage());
        }
    }

    private List<String> queries(JsonNode query) {
        List<String> queries = new ArrayList<>();
        if (query != null && query.isTextual()) queries.add(query.textValue());
        else if (query != null && query.isArray()) query.forEach(one -> queries.add(one.isTextual() ? one.textValue() : ""));
        if (queries.isEmpty() || queries.size() > bounds.queries() || queries.stream().anyMatch(String::isBlank))
            throw ApiException.invalid("query", "'query' must be a text or an array of 1 to " + bounds.queries() + ".");
        if (queries.stream().anyMatch(text -> text.length() > bounds.characters()))
            throw ApiException.invalid("query", "A query may have at most " + bounds.characters() + " characters.");
        return queries;
    }

    private static double threshold(RankingOptions options) {
        if (options == null) return 0;
        if (options.ranker() != null && !RANKERS.contains(options.ranker()))
            throw ApiException.invalid("ranking_options.ranker", "'ranker' must be one of " + RANKERS + ".");
        double threshold = options.scoreThreshold() == null ? 0 : options.scoreThreshold();
        if (!(threshold >= 0 && threshold <= 1))
            throw ApiException.invalid("ranking_options.score_threshold", "'score_threshold' must be from 0 to 1.");
        return threshold;
    }

    /** Milliseconds by stage (W3C Server Timing). */
    private static String serverTiming(Map<String, Long> stages) {
        return stages.entrySet().stream().map(stage -> stage.getKey() + ";dur="
                + String.format(Locale.ROOT, "%.3f", stage.getValue() / 1000.0)).collect(Collectors.joining(", "));
    }

    record RetrievalBody(String id, String object, long createdAt, String tenantId, String mode,
            @JsonRawValue String queries, @JsonRawValue String filters, int maxNumResults, @JsonRawValue String stores,
            @JsonRawValue String candidates, @JsonRawValue String stages, String promptFormat, String adapterDigest) {
        static RetrievalBody of(RetrievalDao.Recorded recorded) {
            RetrievalDao.Entry entry = recorded.entry();
            return new RetrievalBody(recorded.id(), "retrieval", recorded.createdAt().getEpochSecond(),
                    recorded.tenantId(), entry.mode(), entry.queries(), entry.filters().orElse("null"),
                    entry.maxResults(), entry.stores(), entry.candidates(), entry.stages(),
                    entry.reader().map(RetrievalDao.Reader::promptFormat).orElse(null),
                    entry.reader().flatMap(RetrievalDao.Reader::adapterDigest).orElse(null));
        }
    }

    /** One's own; the admin scope reads everybody's. */
    private void get(Exchange exchange) {
        String id = exchange.path("retrieval_id");
        Optional<RetrievalDao.Recorded> found = exchange.caller().isAdmin() ? retrievals.findAny(id)
                : retrievals.find(exchange.caller().tenantId(), id);
        exchange.ok(RetrievalBody.of(found.orElseThrow(ApiException::notFound)));
    }
}
