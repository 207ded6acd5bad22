package graft.registry.knowledge;

import graft.registry.Database;
import graft.registry.knowledge.SearchDao.Hit;
import graft.registry.knowledge.SearchDao.SearchedStore;
import graft.registry.knowledge.images.StoreImage;
import graft.registry.knowledge.images.StoreImage.Candidate;
import graft.registry.knowledge.images.StoreImages;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Both legs over a store's image: it names candidates, and one statement under row-level security says which of them
 * are visible and how near they are, with the store's revision in the same snapshot. An image that is behind that
 * revision is brought up and asked again, so that what was published before the search is in it; what was deleted is
 * not among the answers. Empty wherever the database has to be asked in its own way.
 */
final class ImagedLegs {
    private static final int SPARE = 16; // candidates, for those that are gone and for the codes' rounding
    private final Database database;
    private final StoreImages images;
    private final SearchDao.Bm25 bm25;
    private final int exactDocuments;

    /** @param exactDocuments most documents that meet a filter for an image to be asked */
    ImagedLegs(Database database, StoreImages images, SearchDao.Bm25 bm25, int exactDocuments) {
        this.database = database;
        this.images = images;
        this.bm25 = bm25;
        this.exactDocuments = exactDocuments;
    }

    /** What is asked of one store. */
    record Asked(String tenantId, SearchedStore store, Optional<AttributeFilter> filter, int limit) {}

    /** @param revision of the store; @param hits best first */
    private record Resolved(long revision, List<Hit> hits) {}

    /** Chunks with the nearest window by cosine, as the vectors in the database give it. */
    Optional<List<Hit>> nearest(Asked asked, float[] vector) {
        Optional<StoreImage> found = find(asked);
        if (found.isEmpty()) return Optional.empty();
        StoreImage image = found.get();
        Optional<Set<Long>> matching = asked.filter().map(filter -> matching(asked, filter));
        if (tooMany(matching)) return Optional.empty();
        String literal = SearchDao.literal(vector);
        boolean current = false;
        for (int most = asked.limit() + asked.limit() / 4 + SPARE;;) {
            long known = image.revision(); // before it is asked: another search may bring it up meanwhile
            List<Candidate> candidates = image.nearest(vector, most, allowed(image, matching));
            Optional<Resolved> resolved = resolve(asked, candidates, literal);
            if (resolved.isEmpty()) return Optional.empty();
            if (!current && resolved.get().revision() > known) {
                if (!isUpTo(resolved.get().revision(), asked, image)) return Optional.empty();
                current = true;
                continue;
            }
            List<Hit> hits = resolved.get().hits();
            if (hits.size() < candidates.size()) {
                Set<Long> seen = hits.stream().map(Hit::chunk).collect(Collectors.toSet());
                images.forget(image, candidates.stream().filter(one -> !seen.contains(one.chunk()))
                        .map(Candidate::revision).distinct().toList());
            }
            if (hits.size() >= asked.limit()) return Optional.of(List.copyOf(hits.subList(0, asked.limit())));
            if (most > image.windows()) return Optional.of(hits);
            most *= 4; // windows of one chunk took several places, or chunks are gone
        }
    }

    /** Best chunks by BM25, with the weights that the words have in the database now. */
    Optional<List<Hit>> lexical(Asked asked, String question) {
        Optional<StoreImage> found = find(asked);
        if (found.isEmpty()) return Optional.empty();
        StoreImage image = found.get();
        Optional<Words> words = words(asked, question);
        if (words.isEmpty()) return Optional.empty();
        if (!isUpTo(words.get().revision(), asked, image)) return Optional.empty();
        Optional<Set<Long>> matching = asked.filter().map(filter -> matching(asked, filter));
        if (tooMany(matching)) return Optional.empty();
        for (int most = asked.limit() + SPARE;; most *= 4) {
            List<Candidate> candidates = image.lexical(words.get().known(), new StoreImage.Bm25(bm25.k1(), bm25.b(),
                    words.get().averageLength()), most, allowed(image, matching));
            Set<Long> visible = matching.isPresent() ? matching.get() : visible(asked, candidates);
            List<Hit> hits = new ArrayList<>();
            Set<Long> gone = new HashSet<>();
            for (Candidate one : candidates) {
                if (!visible.contains(one.revision())) gone.add(one.revision());
                else if (hits.size() < asked.limit()) hits.add(new Hit(one.chunk(), one.score()));
            }
            if (!gone.isEmpty()) images.forget(image, gone);
            if (hits.size() == asked.limit() || candidates.size() < most) return Optional.of(hits);
        }
    }

    private Optional<StoreImage> find(Asked asked) {
        SearchedStore store = asked.store();
        return images.find(asked.tenantId(), store.number(), store.embedder(), store.chunks());
    }

    private boolean isUpTo(long revision, Asked asked, StoreImage image) {
        return image.revision() >= revision || database.asTenant(asked.tenantId(), handle ->
                images.catchUp(handle, asked.tenantId(), asked.store().number(), image));
    }

    private boolean tooMany(Optional<Set<Long>> matching) {
        return matching.isPresent() && matching.get().size() > exactDocuments;
    }

    private static Optional<BitSet> allowed(StoreImage image, Optional<Set<Long>> matching) {
        return matching.map(image::documents);
    }

    /** Visible revisions of documents that meet the filter; one more than an image is asked for says too many. */
    private Set<Long> matching(Asked asked, AttributeFilter filter) {
        Map<String, Object> bindings = new HashMap<>();
        return new HashSet<>(database.queryAsTenant(asked.tenantId(), NearestVectors.matching(filter, bindings),
                query -> query.bindMap(bindings).bind("store", asked.store().number()).bind("most", exactDocuments + 1),
                (row, context) -> row.getLong(1)));
    }

    /** One statement, one snapshot; empty for a store that is gone. */
    private Optional<Resolved> resolve(Asked asked, List<Candidate> candidates, String vector) {
        List<Hit> hits = new ArrayList<>();
        List<Long> revisions = database.queryAsTenant(asked.tenantId(), """
                SELECT s.revision, found.chunk, found.score FROM vector_store s LEFT JOIN (
                    SELECT e.chunk, 1 - min(e.vector <=> :vector::halfvec) AS score
                    FROM unnest(:chunks) AS asked (chunk) CROSS JOIN LATERAL (
                        SELECT chunk, document, revision, vector FROM embedding WHERE chunk = asked.chunk OFFSET 0) e
                        JOIN document d ON d.number = e.document AND d.visible_revision = e.revision
                    GROUP BY e.chunk) found ON true
                WHERE s.number = :store ORDER BY found.score DESC, found.chunk""",
                query -> query.bind("vector", vector).bind("store", asked.store().number()).bind("chunks",
                        SqlArray.bigints(candidates.stream().map(Candidate::chunk).toList())),
                (row, context) -> {
                    long chunk = row.getLong("chunk");
                    if (!row.wasNull()) hits.add(new Hit(chunk, row.getDouble("score")));
                    return row.getLong("revision");
                });
        return revisions.stream().findFirst().map(revision -> new Resolved(revision, hits));
    }

    private Set<Long> visible(Asked asked, List<Candidate> candidates) {
        return new HashSet<>(database.queryAsTenant(asked.tenantId(), "SELECT visible_revision FROM document"
                + " WHERE number = ANY(:documents) AND visible_revision IS NOT NULL",
                query -> query.bind("documents", SqlArray.bigints(candidates.stream().map(Candidate::document)
                        .distinct().toList())), (row, context) -> row.getLong(1)));
    }

    /** @param known words of the question that the store holds */
    private record Words(long revision, double averageLength, List<StoreImage.Word> known) {}

    /** The question's words with their weights, as {@link SearchDao#lexical} weighs them; empty without the store. */
    private Optional<Words> words(Asked asked, String question) {
        Map<Long, Double> stores = new HashMap<>();
        List<StoreImage.Word> known = new ArrayList<>();
        database.queryAsTenant(asked.tenantId(), """
                SELECT s.revision, greatest(s.lexeme_total, 1)::float8 / greatest(s.chunk_count, 1) AS average_length,
                    known.lexeme,
                    ln(1 + (s.chunk_count - known.chunk_count + 0.5) / (known.chunk_count + 0.5))::float8 AS idf
                FROM vector_store s LEFT JOIN lexeme known ON known.store = s.number AND known.lexeme = ANY(ARRAY(
                    SELECT asked.lexeme FROM unnest(knowledge_lexemes(:question)) asked))
                WHERE s.number = :store""",
                query -> query.bind("question", question).bind("store", asked.store().number()),
                (row, context) -> {
                    String lexeme = row.getString("lexeme");
                    if (!row.wasNull()) known.add(new StoreImage.Word(lexeme, row.getDouble("idf")));
                    return stores.put(row.getLong("revision"), row.getDouble("average_length"));
                });
        return stores.entrySet().stream().findFirst().map(one -> new Words(one.getKey(), one.getValue(), known));
    }
}
