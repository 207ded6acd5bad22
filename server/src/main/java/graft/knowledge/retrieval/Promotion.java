package graft.knowledge.retrieval;

import graft.registry.Periodic;
import graft.registry.knowledge.vectors.VectorGraphs;
import java.time.Duration;

/**
 * Looks now and then for stores that have outgrown comparing all their vectors, and has their graphs built. A thread of
 * its own, because a build may take minutes.
 */
public final class Promotion implements AutoCloseable {
    private final VectorGraphs graphs;
    private final Periodic periodic;

    /** Starts looking. @param interval between two looks: {@code knowledge.promotion-interval} */
    public Promotion(VectorGraphs graphs, Duration interval) {
        this.graphs = graphs;
        periodic = Periodic.fromNowOn("knowledge-promotion", interval, graphs::promote);
    }

    /** Ends a build that is under way; what it left is cleared up by the next start. */
    @Override
    public void close() {
        graphs.cancel();
        periodic.close();
    }
}
