package graft.adapters;

import graft.registry.Periodic;
import graft.registry.catalog.ArtifactDao;
import java.time.Duration;

/** Deletes, every now and then, the bytes of versions that were deleted a while ago. Several servers may do so. */
public final class ArtifactSweeper implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ArtifactSweeper.class.getName());
    private final ArtifactDao artifacts;
    private final Duration grace;
    private final Periodic periodic;

    /** @param grace how long a request may take from its admission until it has loaded its adapter */
    public ArtifactSweeper(ArtifactDao artifacts, Duration grace, Duration interval) {
        this.artifacts = artifacts;
        this.grace = grace;
        periodic = Periodic.every("artifact-sweeper", interval, this::sweep);
    }

    private void sweep() {
        int gone = artifacts.sweep(grace);
        if (gone > 0) LOG.log(System.Logger.Level.INFO, "swept artifacts={0}", gone);
    }

    @Override
    public void close() {
        periodic.close();
    }
}
