package graft.knowledge.retrieval;

import graft.knowledge.TextEmbedder;
import graft.knowledge.retrieval.Stages.Stage;
import graft.registry.knowledge.AttributeFilter;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.SearchDao.Hit;
import graft.registry.knowledge.SearchDao.SearchedStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The ranked lists that a search fuses: of each question one by words and one by meaning. The words are looked up on a
 * thread of their own while the question is embedded and its neighbours are sought. Any thread may call.
 */
public final class Legs {
    private final SearchDao search;
    private final TextEmbedder embedder;

    public Legs(SearchDao search, TextEmbedder embedder) {
        this.search = search;
        this.embedder = embedder;
    }

    /** @param limit most hits of a leg */
    public record Wanted(String tenantId, List<SearchedStore> stores, Optional<AttributeFilter> filter,
            List<String> questions, Ranking ranking, int limit) {
        private SearchDao.Scope scope() {
            return new SearchDao.Scope(stores, filter);
        }
    }

    /** @param byWords by BM25, otherwise by cosine; @param question its index */
    public record Leg(boolean byWords, int question, List<Hit> hits) {}

    /** @param tokens that were embedded */
    public record Found(List<Leg> legs, int tokens) {}

    public Found find(Wanted wanted, Stages stages) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<List<Leg>> words = threads.submit(() -> byWords(wanted, stages));
            Found meaning = byMeaning(wanted, stages);
            List<Leg> legs = new ArrayList<>(result(words));
            legs.addAll(meaning.legs());
            return new Found(legs, meaning.tokens());
        }
    }

    private List<Leg> byWords(Wanted wanted, Stages stages) {
        if (!wanted.ranking().byWords()) return List.of();
        return stages.time(Stage.LEXICAL, () -> {
            List<Leg> legs = new ArrayList<>();
            for (String question : wanted.questions()) {
                legs.add(new Leg(true, legs.size(),
                        search.lexical(wanted.tenantId(), wanted.scope(), question, wanted.limit())));
            }
            return legs;
        });
    }

    /** Vectors of another model can't be compared: a store that has them is searched by words alone. */
    private Found byMeaning(Wanted wanted, Stages stages) {
        List<SearchedStore> comparable = wanted.stores().stream()
                .filter(store -> store.embedder().equals(embedder.space())).toList();
        if (!wanted.ranking().byMeaning()) return new Found(List.of(), 0);
        TextEmbedder.Embedded embedded = stages.time(Stage.EMBED, () -> embedder.embedQuestions(wanted.questions()));
        SearchDao.Scope scope = new SearchDao.Scope(comparable, wanted.filter());
        List<Leg> legs = stages.time(Stage.VECTOR, () -> {
            List<Leg> found = new ArrayList<>();
            for (float[] vector : embedded.vectors()) {
                found.add(new Leg(false, found.size(),
                        search.nearest(wanted.tenantId(), scope, vector, wanted.limit())));
            }
            return found;
        });
        return new Found(legs, embedded.tokens());
    }

    private static <T> T result(Future<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) throw failure;
            throw new IllegalStateException("a leg of the search failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while searching", e);
        }
    }
}
