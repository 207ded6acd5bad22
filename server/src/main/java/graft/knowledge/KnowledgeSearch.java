package graft.knowledge;

import graft.registry.knowledge.AttributeFilter;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.SearchDao.FoundChunk;
import graft.registry.knowledge.SearchDao.Hit;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
    private final TextEmbedder embedder;
    private final Filters filters;
    private final Settings settings;

    /**
     * @param candidates most chunks each leg gives to the fusion: {@code knowledge.search-candidates}
     * @param fusionK    of reciprocal rank fusion: {@code knowledge.fusion-k}
     * @param recorded   candidates a record names besides those kept: {@code knowledge.recorded-candidates}
     */
    public record Settings(int candidates, int fusionK, int recorded) {
        public static final Settings DEFAULTS = new Settings(100, 60, 16);
    }

    /**
     * @param queries        one or more questions
     * @param filterJson     as the client wrote it
     * @param scoreThreshold from 0 to 1, of the fused score
     */
    public record Request(String tenantId, List<String> storeIds, List<String> queries, int maxResults,
            Optional<String> filterJson, double scoreThreshold) {
        public Request {
            storeIds = List.copyOf(storeIds);
            queries = List.copyOf(queries);
            if (queries.isEmpty() || maxResults < 1) {
                throw new IllegalArgumentException("queries " + queries.size() + " maxResults " + maxResults);
            }
        }
    }

    /** @param attributes JSON object as text */
    public record Result(Passage passage, String attributes) {}

    /** @param stages microseconds by stage, in order: embed, lexical, vector, fuse, record */
    public record Results(String retrievalId, List<Result> results, int queryTokens, Map<String, Long> stages) {}

    public KnowledgeSearch(SearchDao search, RetrievalDao record, TextEmbedder embedder, Filters filters,
            Settings settings) {
        this.search = search;
        this.record = record;
        this.embedder = embedder;
        this.filters = filters;
        this.settings = settings;
    }

    /** @throws Filters.InvalidFilterException if the question's filter is none */
    @Override
    public Retrieved retrieve(Question question) {
        long began = System.nanoTime();
        Results found = search(new Request(question.tenantId(), question.storeIds(), List.of(question.text()),
                question.maxResults(), question.filters(), 0));
        return new Retrieved(found.retrievalId(), "search", found.results().stream().map(Result::passage).toList(),
                found.queryTokens(), (System.nanoTime() - began) / 1000);
    }

    /**
     * @throws UnknownStoreException          for a store that is absent, foreign or expired
     * @throws Filters.InvalidFilterException if the filter is none
     */
    public Results search(Request request) {
        Optional<AttributeFilter> filter = request.filterJson().map(filters::parse);
        List<KnowledgeStore> stores = stores(request);
        SearchDao.Scope scope = new SearchDao.Scope(stores.stream().map(KnowledgeStore::number).toList(), filter);
        SearchDao.Scope comparable = new SearchDao.Scope(stores.stream()
                .filter(store -> store.embedder().equals(embedder.id())).map(KnowledgeStore::number).toList(), filter);
        Stopwatch watch = new Stopwatch();
        TextEmbedder.Embedded embedded = embedder.embed(request.queries());
        watch.lap("embed");
        int limit = Math.max(settings.candidates(), request.maxResults());
        List<List<Hit>> legs = new ArrayList<>();
        for (String query : request.queries()) legs.add(search.lexical(request.tenantId(), scope, query, limit));
        watch.lap("lexical");
        for (float[] vector : embedded.vectors()) {
            legs.add(search.nearest(request.tenantId(), comparable, vector, limit));
        }
        watch.lap("vector");
        List<Fusion.Fused> fused = Fusion.fuse(legs, settings.fusionK());
        List<Fusion.Fused> seen = fused.subList(0, Math.min(fused.size(), request.maxResults() + settings.recorded()));
        Map<Long, FoundChunk> chunks = new LinkedHashMap<>();
        search.chunks(request.tenantId(), seen.stream().map(Fusion.Fused::chunk).toList())
                .forEach(chunk -> chunks.put(chunk.number(), chunk));
        List<Fusion.Fused> kept = seen.stream().filter(candidate -> chunks.containsKey(candidate.chunk())
                && candidate.score() >= request.scoreThreshold()).limit(request.maxResults()).toList();
        watch.lap("fuse");
        String id = record.record(request.tenantId(), RetrievalRecord.of(request, stores, legs,
                seen.stream().filter(candidate -> chunks.containsKey(candidate.chunk())).toList(), chunks, kept,
                watch.laps()));
        watch.lap("record");
        return new Results(id, kept.stream().map(one -> result(chunks.get(one.chunk()), one.score())).toList(),
                embedded.tokens(), watch.laps());
    }

    private List<KnowledgeStore> stores(Request request) {
        Map<String, KnowledgeStore> found = search.stores(request.tenantId(), request.storeIds());
        for (String id : request.storeIds()) {
            if (!found.containsKey(id) || found.get(id).isExpired(Instant.now())) throw new UnknownStoreException(id);
        }
        return List.copyOf(found.values());
    }

    private static Result result(FoundChunk chunk, double score) {
        return new Result(new Passage(chunk.id(), chunk.fileId(), chunk.filename(), chunk.revision(), chunk.start(),
                chunk.end(), chunk.text(), score), chunk.attributes());
    }

    /** Microseconds from one lap to the next. */
    private static final class Stopwatch {
        private final Map<String, Long> laps = new LinkedHashMap<>();
        private long last = System.nanoTime();

        void lap(String stage) {
            long now = System.nanoTime();
            laps.put(stage, (now - last) / 1000);
            last = now;
        }

        Map<String, Long> laps() {
            return laps;
        }
    }
}
