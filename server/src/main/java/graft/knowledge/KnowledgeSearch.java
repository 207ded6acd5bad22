package graft.knowledge;

import graft.knowledge.retrieval.Duplicates;
import graft.knowledge.retrieval.Expansion;
import graft.knowledge.retrieval.Fusion;
import graft.knowledge.retrieval.Legs;
import graft.knowledge.retrieval.Links;
import graft.knowledge.retrieval.Ranking;
import graft.knowledge.retrieval.Reranker;
import graft.knowledge.retrieval.Stages;
import graft.knowledge.retrieval.Stages.Stage;
import graft.registry.knowledge.AttributeFilter;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.SearchDao.FoundChunk;
import graft.registry.knowledge.SearchDao.SearchedStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Searches knowledge stores by words (BM25) and by meaning (cosine), fuses both by rank and records what it saw. With
 * several questions every one of them has both legs, and all are fused at once. Any thread may call; waits for the
 * embedder and the database.
 *
 * <p>A document that was deleted before the call is never found: both legs and the passages are read after it. Results
 * are the same for the same stores and question.
 */
public final class KnowledgeSearch implements Retrieval {
    private final SearchDao search;
    private final RetrievalDao record;
    private final Legs legs;
    private final Filters filters;
    private final Optional<Reranker> reranker;
    private final Duplicates duplicates;
    private final Expansion expansion;
    private final Links links;
    private final Settings settings;

    /**
     * @param candidates       most chunks each leg gives to the fusion: {@code knowledge.search-candidates}
     * @param fusionK          of reciprocal rank fusion: {@code knowledge.fusion-k}
     * @param recorded         candidates a record names besides those kept: {@code knowledge.recorded-candidates}
     * @param foldSimilarity   from which candidates say the same: {@code knowledge.fold-similarity}
     * @param expansionTokens  that a passage may grow to: {@code knowledge.expansion-tokens}
     * @param rerankCandidates that the reranker reads: {@code knowledge.rerank-candidates}
     */
    public record Settings(int candidates, int fusionK, int recorded, double foldSimilarity, int expansionTokens,
            int rerankCandidates) {
        public static final Settings DEFAULTS = new Settings(100, 60, 16, 1, 1600, 32);
    }

    /** How to rank and what to show; not in OpenAI's search. @param rerank only where there is a reranker */
    public record Manner(Ranking ranking, Expansion.Kind expansion, boolean rerank) {
        public static final Manner USUAL = new Manner(Ranking.FUSED, Expansion.Kind.NONE, true);
    }

    /**
     * @param queries        one or more questions
     * @param filterJson     as the client wrote it
     * @param scoreThreshold from 0 to 1, of the fused score
     * @param reader         what will be shown the results, for the record
     */
    public record Request(String tenantId, List<String> storeIds, List<String> queries, int maxResults,
            Optional<String> filterJson, double scoreThreshold, Manner manner, Optional<Reader> reader) {
        public Request {
            storeIds = List.copyOf(storeIds);
            queries = List.copyOf(queries);
            if (queries.isEmpty() || maxResults < 1) {
                throw new IllegalArgumentException("queries " + queries.size() + " maxResults " + maxResults);
            }
        }

        public Request(String tenantId, List<String> storeIds, List<String> queries, int maxResults,
                Optional<String> filterJson, double scoreThreshold) {
            this(tenantId, storeIds, queries, maxResults, filterJson, scoreThreshold, Manner.USUAL);
        }

        /** For whoever asked, no model. */
        public Request(String tenantId, List<String> storeIds, List<String> queries, int maxResults,
                Optional<String> filterJson, double scoreThreshold, Manner manner) {
            this(tenantId, storeIds, queries, maxResults, filterJson, scoreThreshold, manner, Optional.empty());
        }
    }

    /** @param attributes JSON object as text; @param linkedFrom the chunk whose link led here, in its document */
    public record Result(Passage passage, String attributes, Optional<String> linkedFrom) {}

    /** @param stages microseconds by stage, in order: embed, vector, lexical, fuse, rerank, render, record */
    public record Results(String retrievalId, List<Result> results, int queryTokens, Map<String, Long> stages) {}

    /** A candidate on its way to being kept. @param score of the fusion, or the reranker's */
    record Candidate(Fusion.Fused fused, FoundChunk chunk, double score) {}

    /** Without a reranker. */
    public KnowledgeSearch(SearchDao search, RetrievalDao record, TextEmbedder embedder, Filters filters,
            Settings settings) {
        this(search, record, embedder, filters, Optional.empty(), settings);
    }

    public KnowledgeSearch(SearchDao search, RetrievalDao record, TextEmbedder embedder, Filters filters,
            Optional<Reranker> reranker, Settings settings) {
        this.search = search;
        this.record = record;
        this.legs = new Legs(search, embedder);
        this.filters = filters;
        this.reranker = reranker;
        this.duplicates = new Duplicates(settings.foldSimilarity());
        this.expansion = new Expansion(search, settings.expansionTokens());
        this.links = new Links(search);
        this.settings = settings;
    }

    /** @throws Filters.InvalidFilterException if the question's filter is none */
    @Override
    public Retrieved retrieve(Question question) {
        long began = System.nanoTime();
        Results found = search(new Request(question.tenantId(), question.storeIds(), List.of(question.text()),
                question.maxResults(), question.filters(), 0, Manner.USUAL, question.reader()));
        return new Retrieved(found.retrievalId(), "search", found.results().stream().map(Result::passage).toList(),
                found.queryTokens(), (System.nanoTime() - began) / 1000, found.stages());
    }

    /**
     * @throws UnknownStoreException          for a store that is absent, foreign or expired
     * @throws Filters.InvalidFilterException if the filter is none
     */
    public Results search(Request request) {
        Optional<AttributeFilter> filter = request.filterJson().map(filters::parse);
        List<SearchedStore> stores = stores(request);
        Stages stages = new Stages();
        int limit = Math.max(settings.candidates(), request.maxResults());
        Legs.Found found = legs.find(new Legs.Wanted(request.tenantId(), stores, filter, request.queries(),
                request.manner().ranking(), limit), stages);
        Duplicates.Folded<Candidate> folded = stages.time(Stage.FUSE, () -> fuse(request, found.legs()));
        List<Candidate> ordered = rerank(request, folded.ordered(), stages);
        List<Candidate> kept = ordered.stream().filter(one -> one.score() >= request.scoreThreshold())
                .limit(request.maxResults()).toList();
        List<Links.Link> linked = links(request, kept, filter);
        List<Result> results = stages.time(Stage.RENDER, () -> render(request, kept, linked));
        String id = stages.time(Stage.RECORD, () -> record.record(request.tenantId(), RetrievalRecord.of(request,
                stores, found.legs(), new RetrievalRecord.Seen(ordered, kept, folded.standIns(), linked),
                stages.micros())));
        return new Results(id, results, found.tokens(), stages.micros());
    }

    private List<SearchedStore> stores(Request request) {
        Map<String, SearchedStore> found = search.stores(request.tenantId(), request.storeIds());
        for (String id : request.storeIds()) {
            if (!found.containsKey(id) || found.get(id).expired()) throw new UnknownStoreException(id);
        }
        return List.copyOf(found.values());
    }

    /** The best candidates of all legs that are still there, near-duplicates of better ones last. */
    private Duplicates.Folded<Candidate> fuse(Request request, List<Legs.Leg> found) {
        List<Fusion.Fused> fused = Fusion.fuse(found.stream().map(Legs.Leg::hits).toList(), settings.fusionK());
        int wanted = Math.max(request.maxResults() + settings.recorded(),
                reranks(request) ? settings.rerankCandidates() : 0);
        List<Fusion.Fused> seen = fused.subList(0, Math.min(fused.size(), wanted));
        Map<Long, FoundChunk> chunks = new LinkedHashMap<>();
        search.chunks(request.tenantId(), seen.stream().map(Fusion.Fused::chunk).toList())
                .forEach(chunk -> chunks.put(chunk.number(), chunk));
        List<Candidate> candidates = seen.stream().filter(one -> chunks.containsKey(one.chunk()))
                .map(one -> new Candidate(one, chunks.get(one.chunk()), one.score())).toList();
        return duplicates.fold(candidates, one -> one.chunk().text());
    }

    private boolean reranks(Request request) {
        return reranker.isPresent() && request.manner().rerank();
    }

    /** The first candidates in the reranker's order, of several questions by the best score; the rest stay behind. */
    private List<Candidate> rerank(Request request, List<Candidate> candidates, Stages stages) {
        if (!reranks(request) || candidates.isEmpty()) return candidates;
        return stages.time(Stage.RERANK, () -> {
            List<Candidate> read = candidates.subList(0, Math.min(candidates.size(), settings.rerankCandidates()));
            List<String> texts = read.stream().map(one -> one.chunk().text()).toList();
            Map<Candidate, Double> scores = new HashMap<>();
            for (String question : request.queries()) {
                List<Double> found = reranker.get().score(question, texts);
                for (int i = 0; i < read.size(); i++) scores.merge(read.get(i), found.get(i), Math::max);
            }
            List<Candidate> ordered = new ArrayList<>();
            read.forEach(one -> ordered.add(new Candidate(one.fused(), one.chunk(), scores.get(one))));
            ordered.sort((one, other) -> Double.compare(other.score(), one.score())); // stable: ties as fused
            double least = ordered.getLast().score();
            candidates.subList(read.size(), candidates.size()).forEach(one -> ordered.add(
                    new Candidate(one.fused(), one.chunk(), Math.min(least, one.score()))));
            return ordered;
        });
    }

    private List<Links.Link> links(Request request, List<Candidate> kept, Optional<AttributeFilter> filter) {
        if (request.manner().expansion() != Expansion.Kind.LINKS) return List.of();
        return links.follow(request.tenantId(), kept.stream().map(Candidate::chunk).toList(), filter,
                request.maxResults());
    }

    private List<Result> render(Request request, List<Candidate> kept, List<Links.Link> linked) {
        Map<Long, Double> scores = new HashMap<>();
        kept.forEach(one -> scores.put(one.chunk().number(), one.score()));
        double least = kept.isEmpty() ? 0 : kept.getLast().score();
        return Stream.concat(expansion.expand(request.tenantId(), kept.stream().map(Candidate::chunk).toList(),
                request.manner().expansion()).stream()
                .map(one -> result(one, scores.get(one.number()), Optional.empty())),
                linked.stream().map(one -> result(one.to(), least, Optional.of(one.from().id())))).toList();
    }

    private static Result result(FoundChunk chunk, double score, Optional<String> linkedFrom) {
        return new Result(new Passage(chunk.id(), chunk.fileId(), chunk.filename(), chunk.revision(), chunk.start(),
                chunk.end(), chunk.text(), score, chunk.page()), chunk.attributes(), linkedFrom);
    }
}
