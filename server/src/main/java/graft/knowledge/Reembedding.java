package graft.knowledge;

import graft.registry.Periodic;
import graft.registry.knowledge.vectors.ReembeddingDao;
import graft.registry.knowledge.vectors.ReembeddingDao.ChunkText;
import graft.registry.knowledge.vectors.ReembeddingDao.NewVectors;
import graft.registry.knowledge.vectors.ReembeddingDao.Stale;
import graft.registry.knowledge.vectors.VectorGraphs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Brings stores that were made with another model, or other prefixes, to the running one, in the background: until a
 * store's exchange, which is one transaction, it is searched by its words; new documents wait. What was embedded before
 * a stop is kept. A thread of its own; {@link #start} and {@link #close} once each, by the owner.
 */
public final class Reembedding implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Reembedding.class.getName());
    private final ReembeddingDao dao;
    private final VectorGraphs graphs;
    private final TextEmbedder embedder;
    private final Chunker chunker;
    private final int batch;
    private final Duration interval;
    private volatile boolean closing;
    private Periodic periodic; // null before start

    /**
     * @param batch    most chunks at a time: {@code knowledge.embedding-batch}
     * @param interval between two looks: {@code knowledge.promotion-interval}
     */
    public Reembedding(ReembeddingDao dao, VectorGraphs graphs, TextEmbedder embedder, int batch, Duration interval) {
        this.dao = dao;
        this.graphs = graphs;
        this.embedder = embedder;
        this.chunker = new Chunker(embedder::count, embedder.capacity());
        this.batch = batch;
        this.interval = interval;
    }

    public void start() {
        periodic = Periodic.fromNowOn("knowledge-reembedding", interval, this::round);
    }

    /** Every store there is to bring over, on the caller's thread. @return how many were */
    int round() {
        int exchanged = 0;
        for (Optional<Stale> stale = dao.next(embedder.space()); stale.isPresent() && !closing;
                stale = dao.next(embedder.space())) {
            if (!bring(stale.get())) break; // somebody else's turn, or the next round's
            exchanged++;
        }
        return exchanged;
    }

    private boolean bring(Stale stale) {
        long began = System.nanoTime();
        int done = 0;
        long after = 0;
        for (List<ChunkText> chunks = dao.missing(stale, embedder.space(), after, batch); !chunks.isEmpty();
                chunks = dao.missing(stale, embedder.space(), after, batch)) {
            if (closing) return false;
            List<NewVectors> vectors = new ArrayList<>();
            for (ChunkText chunk : chunks) vectors.add(new NewVectors(chunk.chunk(), vectors(chunk)));
            dao.add(stale, embedder.space(), vectors);
            after = chunks.getLast().chunk();
            done += chunks.size();
        }
        graphs.drop(stale.store());
        boolean exchanged = dao.exchange(stale, embedder.space(), embedder.dimensions());
        if (exchanged) {
            LOG.log(System.Logger.Level.INFO, "store={0} re-embedded from={1} to={2} chunks={3} ms={4}",
                    stale.storeId(), stale.space(), embedder.space(), done,
                    (System.nanoTime() - began) / 1_000_000);
        }
        return exchanged;
    }

    private List<float[]> vectors(ChunkText chunk) {
        String stem = Ingestion.stem(chunk.filename());
        String heading = chunk.heading().startsWith(stem) ? chunk.heading().substring(stem.length()).strip()
                : chunk.heading();
        return embedder.embed(chunker.windows(chunk.body(), StoredText.structure(chunk.filename()), heading)).vectors();
    }

    /** Stops after the batch that is under way. */
    @Override
    public void close() {
        closing = true;
        if (periodic != null) periodic.close();
    }
}
