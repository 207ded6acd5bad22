package graft.metering.costs;

import graft.engine.EngineTime;
import graft.engine.InferenceEngine;
import graft.registry.DatabaseUnavailableException;
import graft.registry.Periodic;
import graft.registry.costs.EngineTimeDao.Passed;
import graft.registry.costs.EngineTimeDao.Run;
import graft.registry.costs.EngineTimeDao;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Writes down whose the time of each engine was: tenants, idle and the rest add up to the engine's wall clock at every
 * checkpoint. What passes after the last one dies with the process. Close it before the engines.
 */
public final class EngineTimeMeter implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(EngineTimeMeter.class.getName());
    private static final EngineTime START = new EngineTime(Map.of(), 0, 0);
    private final EngineTimeDao times;
    private final Clock clock;
    private final Duration patience;
    private final List<Metered> engines = new ArrayList<>();
    private final Periodic periodic;

    /** Guarded by the meter's monitor. */
    private static final class Metered {
        private final InferenceEngine engine;
        private final Run run;
        private EngineTime written = START;
        /** Sent to the database, which did not answer. */
        private EngineTime unsure = START;

        private Metered(InferenceEngine engine, Run run) {
            this.engine = engine;
            this.run = run;
        }
    }

    /** @param interval between checkpoints ({@code metering.engine-time-interval}, 10 s) */
    public EngineTimeMeter(EngineTimeDao times, List<InferenceEngine> engines, String processId, Duration interval,
            Clock clock) {
        this.times = times;
        this.clock = clock;
        this.patience = interval;
        Instant now = clock.instant();
        for (InferenceEngine engine : engines) {
            this.engines.add(new Metered(engine, new Run(processId, engine.model().id(), engine.status().device(),
                    now)));
        }
        periodic = Periodic.every("engine-time", interval, this::checkpoint);
    }

    /** Writes what passed since the last checkpoint of each engine. */
    public synchronized void checkpoint() {
        for (Metered one : engines) checkpoint(one);
    }

    private void checkpoint(Metered one) {
        if (one.unsure != one.written) settle(one);
        EngineTime now = time(one.engine);
        one.unsure = now;
        if (times.add(one.run, one.written.wall(), passed(one.written, now), clock.instant())) one.written = now;
        else settle(one);
    }

    /** A commit whose answer was lost may have happened: the run's own wall clock tells. */
    private void settle(Metered one) {
        OptionalLong wall = times.wall(one.run);
        if (wall.isPresent() && wall.getAsLong() == one.unsure.wall()) one.written = one.unsure;
        else if (wall.orElse(0) != one.written.wall())
            LOG.log(System.Logger.Level.ERROR, "base={0} its engine time was written by somebody else",
                    one.run.baseId());
        one.unsure = one.written;
    }

    private EngineTime time(InferenceEngine engine) {
        try {
            return engine.time().get(patience.toMillis() + 1000, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the engine " + engine.model().id() + " does not tell its time", e);
        }
    }

    private static Passed passed(EngineTime before, EngineTime now) {
        Map<String, Long> tenants = new HashMap<>();
        long other = now.other() - before.other();
        for (Map.Entry<String, Long> one : now.tenants().entrySet()) {
            long more = one.getValue() - before.tenants().getOrDefault(one.getKey(), 0L);
            if (one.getKey().startsWith(EngineTime.PROBE)) other += more;
            else if (more > 0) tenants.put(one.getKey(), more);
        }
        return new Passed(tenants, now.idle() - before.idle(), other);
    }

    /** With a last checkpoint. */
    @Override
    public void close() {
        periodic.close();
        try {
            checkpoint();
        } catch (DatabaseUnavailableException | IllegalStateException e) {
            LOG.log(System.Logger.Level.WARNING, "the last engine time is not written: {0}", e.getMessage());
        }
    }
}
