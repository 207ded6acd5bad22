package graft;

import graft.admission.BuiltInKeys;
import graft.api.AccountsApi;
import graft.api.Api;
import graft.api.Health;
import graft.api.HttpServer;
import graft.metering.LedgerUsageRecorder;
import graft.metering.Metering;
import graft.registry.tenant.ApiKeyDao;
import graft.registry.tenant.Pepper;
import graft.registry.tenant.TenantDao;
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
        Metering metering = lifecycle.started("metering", metering(config.metering(), storage, data));
        AccountsApi accounts = accounts(config, storage, metering, data);
        // 3. The API over all of them, last, so that whoever reaches the port finds everything there.
        Health health = new Health(List.of(new Health.Check("database", storage::answers)));
        HttpServer http = lifecycle.started("http", HttpServer.start(new HttpServer.Options(config.host(),
                config.port(), config.adminPort(), config.http().maxConnections(), config.http().idleTimeout(),
                config.http().drainLimit(), config.ui()), Api.routes(health, accounts, config.http().bodyLimit()),
                health));
        data.writePort(http.port());
        return new Server(lifecycle, http.port());
    }

    private static Metering metering(ServerConfig.Metering settings, Storage storage, DataFolder data) {
        return new Metering(storage.database(), data.node(), new Metering.Settings(settings.lease(),
                settings.pricesStaleAfter(), settings.mostLabels(), new LedgerUsageRecorder.Settings(settings.checkpointTokens(),
                        settings.longestWait(), settings.rowsPerCommit())));
    }

    /** Also sees to the keys that a fresh server has. */
    private static AccountsApi accounts(ServerConfig config, Storage storage, Metering metering, DataFolder data) {
        ServerConfig.Keys settings = config.keys();
        Pepper pepper = settings.pepper().map(Pepper::of).orElseGet(() -> Pepper.inFile(data.path().resolve("pepper")));
        BuiltInKeys keys = new BuiltInKeys(new TenantDao(storage.database()),
                new ApiKeyDao(storage.database(), pepper), pepper);
        keys.operator(data.path());
        if (config.demo()) keys.demo(data.path());
        return new AccountsApi(storage.database(), pepper, metering, new AccountsApi.Settings(
                settings.cacheSize(), settings.cacheLife(), settings.badKeysPerMinute(), settings.guessingAddresses(),
                settings.sessionLife()));
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
