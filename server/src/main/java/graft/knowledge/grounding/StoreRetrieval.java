package graft.knowledge.grounding;

import graft.knowledge.Filters;
import graft.knowledge.Passage;
import graft.knowledge.Retrieval;
import graft.knowledge.TextEmbedder;
import graft.registry.DatabaseUnavailableException;
import graft.registry.knowledge.Pages;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.SearchDao.FoundChunk;
import graft.registry.knowledge.SearchDao.SearchedStore;
import graft.registry.knowledge.whole.WholeStoreDao;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Retrieval in every mode: a search, or all that stores hold. Stores are read anew for each request, so that a deleted
 * document leaves the next prompt; what is kept between requests is the engine's prefix cache alone, which meets a
 * prompt only where its tokens are the same. Any thread may call; waits for the database.
 */
public final class StoreRetrieval implements Retrieval {
    private static final System.Logger LOG = System.getLogger(StoreRetrieval.class.getName());
    /** Passage numbers have at most four digits. */
    private static final int MOST_PASSAGES = 9999;
    private final Retrieval search;
    private final SearchDao stores;
    private final WholeStoreDao whole;
    private final RetrievalDao record;
    private final Filters filters;
    private final Support support;

    /** @param search for the mode of that name */
    public StoreRetrieval(Retrieval search, SearchDao stores, WholeStoreDao whole, RetrievalDao record,
            Filters filters, TextEmbedder embedder) {
        this.search = search;
        this.stores = stores;
        this.whole = whole;
        this.record = record;
        this.filters = filters;
        this.support = new Support(embedder);
    }

    @Override
    public Retrieved retrieve(Question question) {
        return search.retrieve(question);
    }

    @Override
    public Optional<Whole> whole(Question question, long mostCharacters) {
        long began = System.nanoTime();
        List<SearchedStore> asked = asked(question);
        if (whole.codePoints(question.tenantId(), asked) > mostCharacters) return Optional.empty();
        List<Passage> passages = passages(whole.chunks(question.tenantId(), asked,
                question.filters().map(filters::parse)));
        if (passages.size() > MOST_PASSAGES) return Optional.empty();
        return Optional.of(new Whole() {
            @Override
            public List<Passage> passages() {
                return passages;
            }

            @Override
            public Retrieved shown() {
                Map<String, Long> stages = Map.of("render", (System.nanoTime() - began) / 1000);
                String id = record.record(question.tenantId(), PinnedRecord.of(question, asked, passages, stages));
                return new Retrieved(id, "pinned", passages, 0, (System.nanoTime() - began) / 1000, stages);
            }
        });
    }

    /** In the order in which they were made, however they are named: the same stores are the same prefix. */
    private List<SearchedStore> asked(Question question) {
        Map<String, SearchedStore> found = stores.stores(question.tenantId(), question.storeIds());
        for (String id : question.storeIds()) {
            if (!found.containsKey(id) || found.get(id).expired()) throw new UnknownStoreException(id);
        }
        return found.values().stream().sorted(Comparator.comparingLong(SearchedStore::number)).toList();
    }

    /** Chunks overlap; each becomes a passage of what the one before it has not shown. */
    private static List<Passage> passages(List<FoundChunk> chunks) {
        List<Passage> passages = new ArrayList<>();
        String revision = "";
        int shown = 0;
        for (FoundChunk chunk : chunks) {
            if (!chunk.revision().equals(revision)) shown = 0;
            revision = chunk.revision();
            int start = Math.max(shown, chunk.start());
            if (start >= chunk.end()) continue;
            String text = chunk.text().substring(chunk.text().offsetByCodePoints(0, start - chunk.start()));
            shown = chunk.end();
            if (text.isBlank()) continue;
            passages.add(new Passage(chunk.id(), chunk.fileId(), chunk.filename(), chunk.revision(), start,
                    chunk.end(), text, 1, Pages.after(chunk.page(), chunk.text(), start - chunk.start())));
        }
        return List.copyOf(passages);
    }

    /** None where that can't be found out: a citation that is not proved does not leave. */
    @Override
    public Set<String> standing(String tenantId, Set<String> revisions) {
        try {
            return whole.standing(tenantId, revisions);
        } catch (DatabaseUnavailableException e) {
            LOG.log(System.Logger.Level.WARNING, "citations={0} withheld: database unavailable: {1}",
                    revisions.size(), e.reason());
            return Set.of();
        }
    }

    @Override
    public double support(String question, List<Passage> passages) {
        return support.of(question, passages);
    }
}
