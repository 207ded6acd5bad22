package graft;

import graft.registry.Database;
import graft.registry.Database.Login;
import graft.registry.postgres.EmbeddedPostgres;
import graft.registry.postgres.ExternalPostgres;
import graft.registry.postgres.Migrations;
import graft.registry.postgres.PostgresBinaries;
import graft.registry.postgres.PostgresException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The database the server works on, migrated: its own Postgres in the data folder, or one that was given. Closing it
 * closes the pools, then its own Postgres.
 */
final class Storage implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Storage.class.getName());
    private final Database database;
    private final Login owner;
    private final Optional<EmbeddedPostgres> embedded;

    private Storage(Database database, Login owner, Optional<EmbeddedPostgres> embedded) {
        this.database = database;
        this.owner = owner;
        this.embedded = embedded;
    }

    /** @throws SetupException when there is no database to work on; the sentence has the remedy */
    static Storage open(ServerConfig.Storage settings, Path cache, DataFolder data) {
        try {
            return settings.url().isPresent() ? external(settings, settings.url().get())
                    : embedded(settings, PostgresBinaries.in(cache), data.postgres());
        } catch (PostgresException e) {
            throw new SetupException(e.getMessage(), e);
        }
    }

    private static Storage embedded(ServerConfig.Storage settings, PostgresBinaries binaries, Path folder) {
        EmbeddedPostgres postgres = EmbeddedPostgres.start(binaries, folder, new EmbeddedPostgres.Options(
                settings.startLimit(), settings.stopLimit(), settings.restartPause(), Map.of(
                        "max_connections", String.valueOf(settings.maxConnections()),
                        "shared_buffers", settings.sharedBuffers())));
        try {
            String name = EmbeddedPostgres.DATABASE;
            postgres.createDatabase(name);
            Migrations.run(postgres.owner(name));
            return new Storage(new Database(postgres.app(name), postgres.admin(name), pooling(settings)),
                    postgres.owner(name), Optional.of(postgres));
        } catch (RuntimeException e) {
            postgres.close();
            throw e;
        }
    }

    /**
     * Migrates the external database of the settings; several may at once.
     *
     * @return how many migrations ran
     * @throws SetupException when there is none, or it can't be migrated; the sentence has the remedy
     */
    static int migrate(ServerConfig.Storage settings) {
        String url = settings.url().orElseThrow(() -> new SetupException("--migrate-only needs an external database: set "
                + "GRAFT_DATABASE_URL; the embedded one is migrated when the server starts."));
        try {
            return migrate(externalPostgres(settings, url));
        } catch (PostgresException e) {
            throw new SetupException(e.getMessage(), e);
        }
    }

    private static int migrate(ExternalPostgres postgres) {
        postgres.prepare();
        return Migrations.run(postgres.owner());
    }

    private static ExternalPostgres externalPostgres(ServerConfig.Storage settings, String url) {
        Login serving = new Login(url, settings.user().orElse(""), settings.password().orElse(""));
        return new ExternalPostgres(serving, settings.migrationUser().isEmpty() ? serving
                : new Login(url, settings.migrationUser().get(), settings.migrationPassword().orElse("")));
    }

    private static Storage external(ServerConfig.Storage settings, String url) {
        ExternalPostgres postgres = externalPostgres(settings, url);
        migrate(postgres);
        return new Storage(new Database(postgres.app(), postgres.admin(), pooling(settings)), postgres.owner(),
                Optional.empty());
    }

    private static Database.Pooling pooling(ServerConfig.Storage settings) {
        return new Database.Pooling(settings.poolSize(), settings.connectionWait());
    }

    Database database() {
        return database;
    }

    /** The tables' owner, as whom indexes are made; never for a request. */
    Login owner() {
        return owner;
    }

    /** Whether a query is answered now; for the readiness probe. */
    boolean answers() {
        try {
            return database.asNobody(handle -> handle.createQuery("SELECT 1").mapTo(Integer.class).one()) == 1;
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "database does not answer: {0}", e.getMessage());
            return false;
        }
    }

    @Override
    public void close() {
        database.close();
        embedded.ifPresent(EmbeddedPostgres::close);
    }
}
