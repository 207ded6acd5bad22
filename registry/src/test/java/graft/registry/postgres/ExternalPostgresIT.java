package graft.registry.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.Database;
import graft.registry.Database.Login;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Postgres whose roles are not ours: what we prepare ourselves, and what we ask an administrator for. */
class ExternalPostgresIT {
    @TempDir
    private static Path folder;
    private static EmbeddedPostgres postgres;

    @BeforeAll
    static void start() {
        postgres = EmbeddedPostgres.start(PostgresBinaries.in(PostgresBinaries.defaultCache()),
                folder.resolve("postgres"), new EmbeddedPostgres.Options(Duration.ofSeconds(60),
                        Duration.ofSeconds(20), Duration.ofSeconds(1), Map.of("fsync", "off")));
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static Login in(String database, String user, String password) {
        return new Login(postgres.superuser().url().replaceFirst("/postgres$", "/" + database), user, password);
    }

    private static void asSuperuser(String database, String sql) throws SQLException {
        Login superuser = postgres.superuser();
        try (Connection connection = Bootstrap.connect(in(database, superuser.user(), superuser.password()))) {
            Bootstrap.run(connection, sql);
        }
    }

    @Test
    void aSuperusersRequestsAreBoundByRowLevelSecurityToo() throws SQLException {
        asSuperuser("postgres", "CREATE DATABASE given");
        Login superuser = in("given", postgres.superuser().user(), postgres.superuser().password());
        ExternalPostgres external = new ExternalPostgres(superuser, superuser);
        external.prepare();
        external.prepare();
        assertTrue(Migrations.run(external.owner()) > 0);
        try (Database database = new Database(external.app(), external.admin(),
                new Database.Pooling(2, Duration.ofSeconds(10)))) {
            long nobodys = database.asNobody(handle -> handle.createQuery("SELECT count(*) FROM tenant")
                    .mapTo(Long.class).one());
            long operators = database.asOperator(handle -> handle.createQuery("SELECT count(*) FROM tenant")
                    .mapTo(Long.class).one());
            assertEquals(0, nobodys);
            assertTrue(operators > 0);
        }
    }

    @Test
    void withoutTheExtensionOneSentenceSaysWhatAnAdministratorRuns() throws SQLException {
        asSuperuser("postgres", "CREATE ROLE plain LOGIN PASSWORD 'plain'");
        asSuperuser("postgres", "CREATE DATABASE bare OWNER plain");
        ExternalPostgres external = new ExternalPostgres(in("bare", "plain", "plain"), in("bare", "plain", "plain"));
        PostgresException refused = assertThrows(PostgresException.class, external::prepare);
        assertTrue(refused.getMessage().contains("CREATE EXTENSION vector;"), refused.getMessage());
        assertFalse(refused.getMessage().contains("\n"), refused.getMessage());

        String commands = refused.getMessage().substring(refused.getMessage().indexOf("CREATE EXTENSION"));
        asSuperuser("bare", commands);
        external.prepare();
        assertTrue(Migrations.run(external.owner()) > 0);
    }
}
