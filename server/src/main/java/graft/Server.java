package graft;

import graft.api.Api;
import graft.api.Health;
import graft.api.HttpServer;
import java.util.List;

/**
 * The running server, put together: the one place where the rooms meet. Parts start in the order of this file, slow
 * ones beside each other, and stop in reverse: requests drain first, Postgres stops last.
 */
final class Server implements AutoCloseable {
    private final Lifecycle lifecycle;
    private final int port;

    private Server(Lifecycle lifecycle, int port) {
        this.lifecycle = lifecycle;
        this.port = port;
    }

    /** @throws SetupException when something that the user can provide is missing */
    static Server start(ServerConfig config, DataFolder data) {
        Lifecycle lifecycle = new Lifecycle();
        try {
            return start(config, data, lifecycle);
        } catch (RuntimeException | Error e) {
            lifecycle.close();
            throw e;
        }
    }

    private static Server start(ServerConfig config, DataFolder data, Lifecycle lifecycle) {
        Artifacts artifacts = Artifacts.in(config.cache());
        // 1. What takes seconds starts at once, side by side.
        Lifecycle.Starting<Storage> starting = lifecycle.inBackground("storage", () ->
                Storage.open(config.database(), artifacts.cache(), data));
        // 2. What needs the database.
        Storage storage = starting.await();
        // 3. The API over all of them, last, so that whoever reaches the port finds everything there.
        Health health = new Health(List.of(new Health.Check("database", storage::answers)));
        HttpServer http = lifecycle.started("http", HttpServer.start(new HttpServer.Options(config.host(),
                config.port(), config.adminPort(), config.http().maxConnections(), config.http().idleTimeout(),
                config.http().drainLimit(), config.ui()), Api.routes(health, config.http().bodyLimit()), health));
        data.writePort(http.port());
        return new Server(lifecycle, http.port());
    }

    int port() {
        return port;
    }

    /** Drains, then stops every part in reverse order of start. */
    @Override
    public void close() {
        lifecycle.close();
    }
}
