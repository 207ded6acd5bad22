package graft.engine.remote;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Where an engine is and what may be asked of it.
 *
 * @param url              remote.url: without /v1; with a command, where that child listens
 * @param key              remote.key: sent as a bearer token
 * @param dialect          remote.dialect
 * @param model            remote.model: what that server calls the base; the base's own id where it is empty
 * @param command          remote.command: a child to run and keep alive; empty for a server that others run
 * @param maxRunning       engine.max-running: requests sent at a time
 * @param maxWaiting       engine.max-waiting: more are accepted and wait here; beyond that 429
 * @param contextLimit     engine.context-limit
 * @param retryAfterMillis engine.retry-after-millis
 * @param connectWait      remote.connect-wait
 * @param silence          remote.silence: longest time without a byte of an answer
 * @param startLimit       remote.start-limit: until a started child has to be healthy
 * @param stopLimit        remote.stop-limit: until a child that was asked to stop is ended
 * @param restartPause     remote.restart-pause: before a child that died is started again; doubles up to a minute
 * @param adapters         a folder that server can read, where adapters are laid by their digests
 * @param mostAdapters     remote.most-adapters: kept in that folder; the one unused longest goes first
 */
public record RemoteSettings(URI url, Optional<String> key, Dialect dialect, Optional<String> model,
        List<String> command, int maxRunning, int maxWaiting, int contextLimit, int retryAfterMillis,
        Duration connectWait, Duration silence, Duration startLimit, Duration stopLimit, Duration restartPause,
        Path adapters, int mostAdapters) {
    public RemoteSettings {
        Objects.requireNonNull(key);
        Objects.requireNonNull(dialect);
        Objects.requireNonNull(model);
        command = List.copyOf(command);
        if (!List.of("http", "https").contains(String.valueOf(url.getScheme())) || url.getHost() == null)
            throw new IllegalArgumentException("url " + url);
        if (maxRunning < 1) throw new IllegalArgumentException("maxRunning " + maxRunning);
        if (maxWaiting < 1) throw new IllegalArgumentException("maxWaiting " + maxWaiting);
        if (mostAdapters < 1) throw new IllegalArgumentException("mostAdapters " + mostAdapters);
    }
}
