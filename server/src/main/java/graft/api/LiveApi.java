package graft.api;

import graft.engine.InferenceEngine;
import graft.metering.RunningStreams;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * The stream of events that the admin UI's overview shows.
 *
 * @param interval     between two readings ({@code live.interval}, 1 s)
 * @param life         of one stream; its watcher then comes back ({@code live.life}, 10 min)
 * @param mostWatchers streams at a time; another one is told 429 ({@code live.watchers}, 64)
 * @param mostListed   requests in a reading ({@code live.listed}, 100)
 */
public record LiveApi(RunningStreams streams, Duration interval, Duration life, int mostWatchers, int mostListed) {
    LiveResource resource(List<InferenceEngine> engines, Health health) {
        return new LiveResource(engines, this, new Semaphore(mostWatchers), health::isDraining);
    }
}
