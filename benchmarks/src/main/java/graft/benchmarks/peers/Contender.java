package graft.benchmarks.peers;

import java.io.IOException;
import java.util.List;

/** A server in the race, with the adapters that were made for it. */
public interface Contender extends AutoCloseable {
    String name();

    ServerProcess process();

    /** Sends all at once; returns when the last has ended. */
    List<Streamed> run(List<Ask> asks) throws IOException;

    /** Whether it can stream each token: figures of single tokens are taken only there. */
    default boolean streams() {
        return true;
    }

    @Override
    void close();
}
