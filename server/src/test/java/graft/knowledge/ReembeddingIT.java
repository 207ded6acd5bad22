package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.Embedder;
import graft.knowledge.retrieval.Expansion;
import graft.knowledge.retrieval.Ranking;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.vectors.ReembeddingDao;
import graft.registry.knowledge.vectors.VectorGraphs;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A store that was made with one embedder, on a server that runs another one with other dimensions. */
class ReembeddingIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** The first half of another embedder's dimensions, under a name of its own. */
    private record Half(Embedder whole) implements Embedder {
        @Override
        public String id() {
            return "half";
        }

        @Override
        public int dimensions() {
            return whole.dimensions() / 2;
        }

        @Override
        public int window() {
            return whole.window();
        }

        @Override
        public List<float[]> embed(List<int[]> texts) {
            return whole.embed(texts).stream().map(vector -> Arrays.copyOf(vector, dimensions())).toList();
        }

        @Override
        public void close() {
            whole.close();
        }
    }

    @Test
    void aStoreOfAnotherModelIsSearchedByWordsAndThenByBothAndNewDocumentsWaitForIt() {
        TextEmbedder half = new TextEmbedder(new Half(new WordEmbedder()), new WordEmbedder.Words(),
                new TextEmbedder.Prefixes("asked: ", "kept: "));
        try (KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text())) {
            String tenant = rig.tenant("mover");
            KnowledgeStore store = rig.store(tenant);
            try (Ingestion before = rig.ingestion()) {
                before.start();
                rig.attach(tenant, store, rig.upload(tenant, "birch.md", "# Birch\n\n"
                        + "the birch pump. ".repeat(300)), "{}");
                rig.attach(tenant, store, rig.upload(tenant, "otter.md", "# Otter\n\nthe otter valve."), "{}");
                KnowledgeRig.await(PATIENCE, () -> rig.counts(tenant, store).completed() == 2);
            }
            // A graph over the old vectors is in the way of the new ones.
            VectorGraphs graphs = new VectorGraphs(rig.test.database(), rig.test.owner(),
                    new VectorGraphs.Settings(1, 16, 64, 64L << 20));
            assertEquals(1, graphs.promote());
            KnowledgeSearch search = new KnowledgeSearch(new SearchDao(rig.test.database(),
                    new SearchDao.Bm25(0.9, 0.4)), rig.retrievals, half, new Filters(64),
                    KnowledgeSearch.Settings.DEFAULTS);
            assertEquals("otter.md", first(search, tenant, store, Ranking.FUSED));
            assertEquals("", first(search, tenant, store, Ranking.VECTOR));
            try (Ingestion after = new Ingestion(rig.files, rig.queue, half, Ingestion.Settings.DEFAULTS);
                    Reembedding moving = new Reembedding(new ReembeddingDao(rig.test.database()), graphs, half, 4,
                            Duration.ofMinutes(1))) {
                rig.attach(tenant, store, rig.upload(tenant, "new.md", "a new lever"), "{}");
                after.start();
                assertEquals(1, moving.round());
                assertEquals(0, moving.round());
                after.wake();
                KnowledgeRig.await(PATIENCE, () -> rig.counts(tenant, store).completed() == 3);
            }
            assertEquals("half [asked: |kept: ]", rig.stores.find(tenant, store.id()).orElseThrow().embedder());
            assertEquals("otter.md", first(search, tenant, store, Ranking.VECTOR));
            assertTrue(graphs.promote() > 0, "the new vectors get a graph of their own");
            assertEquals("otter.md", first(search, tenant, store, Ranking.VECTOR));
            assertFalse(graphs.names().isEmpty());
        }
    }

    private static String first(KnowledgeSearch search, String tenant, KnowledgeStore store, Ranking ranking) {
        return search.search(new KnowledgeSearch.Request(tenant, List.of(store.id()), List.of("otter valve"), 3,
                Optional.empty(), 0, new KnowledgeSearch.Manner(ranking, Expansion.Kind.NONE, false))).results()
                .stream().findFirst().map(result -> result.passage().filename()).orElse("");
    }
}
