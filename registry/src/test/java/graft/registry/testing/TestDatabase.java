package graft.registry.testing;

import graft.registry.Database;
import graft.registry.Database.Login;
import graft.registry.postgres.EmbeddedPostgres;
import graft.registry.postgres.Migrations;
import graft.registry.postgres.PostgresBinaries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A fresh, migrated database for one test class, on one embedded server for the whole JVM, which starts with the first
 * and stops with the JVM. A database is copied from a template that was migrated once, in about 50 ms.
 *
 * <pre>{@code
 * static TestDatabase database;
 * @BeforeAll static void open() { database = TestDatabase.open(); }
 * @AfterAll static void close() { database.close(); }
 * }</pre>
 */
public final class TestDatabase implements AutoCloseable {
    private static final String TEMPLATE = "graft_template";
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String name;
    private final Database database;

    private TestDatabase(String name, Database database) {
        this.name = name;
        this.database = database;
    }

    /** Started when first asked for; its holder class is the lazy lock. */
    private static final class Server {
        static final EmbeddedPostgres POSTGRES = start();

        private static EmbeddedPostgres start() {
            Path folder = temporary();
            EmbeddedPostgres postgres = EmbeddedPostgres.start(
                    PostgresBinaries.in(PostgresBinaries.defaultCache()), folder,
                    new EmbeddedPostgres.Options(Duration.ofSeconds(60), Duration.ofSeconds(20), Duration.ofSeconds(1),
                            Map.of(
                            "fsync", "off", "synchronous_commit", "off", "full_page_writes", "off",
                            "max_connections", "200", "shared_buffers", "64MB")));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                postgres.close();
                delete(folder);
            }));
            postgres.createDatabase(TEMPLATE);
            Migrations.run(postgres.owner(TEMPLATE));
            return postgres;
        }

        private static Path temporary() {
            try {
                return Files.createTempDirectory("graft-test-postgres");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static void delete(Path folder) {
            try (Stream<Path> tree = Files.walk(folder)) {
                for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** @throws graft.registry.postgres.PostgresException with the remedy when PostgreSQL was not fetched */
    public static TestDatabase open() {
        String name = "test_" + NUMBER.incrementAndGet();
        run("CREATE DATABASE " + name + " TEMPLATE " + TEMPLATE + " OWNER graft_owner");
        run("REVOKE ALL ON DATABASE " + name + " FROM PUBLIC");
        run("GRANT CONNECT ON DATABASE " + name + " TO graft_app, graft_admin");
        return new TestDatabase(name, new Database(Server.POSTGRES.app(name), Server.POSTGRES.admin(name),
                new Database.Pooling(8, Duration.ofSeconds(30))));
    }

    public Database database() {
        return database;
    }

    /** As the tables' owner, who may change the schema: for tests of what the schema itself forbids. */
    public Login owner() {
        return Server.POSTGRES.owner(name);
    }

    public Login app() {
        return Server.POSTGRES.app(name);
    }

    /** Ends all its sessions, as a restart of Postgres does. */
    public void cutOff() {
        run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'");
    }

    public Login admin() {
        return Server.POSTGRES.admin(name);
    }

    private static void run(String sql) {
        Login superuser = Server.POSTGRES.superuser();
        try (Connection connection = DriverManager.getConnection(superuser.url(), superuser.user(),
                superuser.password()); Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    @Override
    public void close() {
        database.close();
        run("DROP DATABASE " + name + " WITH (FORCE)");
    }
}
