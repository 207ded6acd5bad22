package graft.registry.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.Database.Login;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server process: kills, restarts, and who may come in. */
class EmbeddedPostgresIT {
    private static final EmbeddedPostgres.Options OPTIONS =
            new EmbeddedPostgres.Options(Duration.ofSeconds(60), Duration.ofSeconds(20),
                    Duration.ofMillis(100), Map.of("fsync", "on"));

    @TempDir
    private Path temporary;
    private Path folder;

    @BeforeEach
    void underAFolderThatOnlyItsOwnerMayEnter() throws IOException {
        Path closed = Files.createDirectory(temporary.resolve("closed"), PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rwx------")));
        folder = closed.resolve("postgres");
    }

    private EmbeddedPostgres start() {
        return EmbeddedPostgres.start(PostgresBinaries.in(PostgresBinaries.defaultCache()), folder, OPTIONS);
    }

    @Test
    void aKilledPostmasterComesBackOnItsPortWithEveryCommittedRow() throws Exception {
        try (EmbeddedPostgres postgres = start()) {
            postgres.createDatabase("graft");
            Login login = postgres.owner("graft");
            run(login, "CREATE TABLE kept (x int)");
            run(login, "INSERT INTO kept VALUES (42)");
            for (int i = 0; i < 2; i++) {
                long killed = postgres.pid();
                ProcessHandle postmaster = ProcessHandle.of(killed).orElseThrow();
                postmaster.destroyForcibly();
                postmaster.onExit().get(20, TimeUnit.SECONDS);
                for (long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1); postgres.pid() == killed
                        || !postgres.isAlive();) {
                    assertTrue(System.nanoTime() < end, "no new postmaster");
                    Thread.onSpinWait();
                }
                assertEquals(42, number(login, "SELECT x FROM kept"));
            }
        }
        assertFalse(Files.exists(folder.resolve("data/postmaster.pid")), "a stopped server leaves no pid file");
    }

    @Test
    void aServerWhoseLauncherWasKilledIsStoppedByTheNextStart() throws Exception {
        try (EmbeddedPostgres postgres = start()) {
            run(postgres.superuser(), "CREATE TABLE kept (x int)");
        }
        ClusterFolder data = new ClusterFolder(folder.toRealPath().resolve("data"),
                PostgresBinaries.in(PostgresBinaries.defaultCache()), RunAs.choose());
        Process orphan = new ProcessBuilder(data.user().command(List.of(data.binaries().program("postgres"), "-D",
                data.path().toString(), "-p", String.valueOf(EmbeddedPostgres.freePort()), "-k", ""),
                data.path().resolve("PG_VERSION"), data.binaries().bin().resolve("postgres")))
                .directory(Path.of("/").toFile()).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        while (!data.isReady()) assertFalse(orphan.waitFor(20, TimeUnit.MILLISECONDS), "the orphan must run");
        try (EmbeddedPostgres postgres = start()) {
            assertFalse(orphan.isAlive());
            assertEquals(0, number(postgres.superuser(), "SELECT count(*) FROM kept"));
        }
    }

    @Test
    void aStalePidFileThatNamesAStrangerIsNoHindrance() throws Exception {
        start().close();
        Path pidFile = folder.resolve("data/postmaster.pid");
        Files.writeString(pidFile, ProcessHandle.current().pid() + "\n" + folder.resolve("data") + "\n");
        try (EmbeddedPostgres postgres = start()) {
            assertEquals(1, number(postgres.superuser(), "SELECT 1"));
        }
        assertTrue(ProcessHandle.current().isAlive());
    }

    @Test
    void aSecondStartOnAUsedFolderIsRefused() {
        try (EmbeddedPostgres first = start()) {
            PostgresException.FolderInUse refused = assertThrows(PostgresException.FolderInUse.class, this::start);
            assertTrue(refused.getMessage().contains(folder.getFileName().toString()), refused.getMessage());
            assertTrue(first.isAlive());
        }
    }

    @Test
    void nobodyComesInWithoutThePassword() throws Exception {
        try (EmbeddedPostgres postgres = start()) {
            Login right = postgres.superuser();
            for (String password : new String[] {"", "wrong"}) {
                SQLException refused = assertThrows(SQLException.class, () ->
                        run(new Login(right.url(), right.user(), password), "SELECT 1"));
                assertFalse(refused.getMessage().isBlank());
            }
            assertEquals("rw-------", PosixFilePermissions.toString(
                    Files.getPosixFilePermissions(folder.resolve("passwords.properties"))));
        }
    }

    @Test
    void closeStopsTheProcessAndMayBeRepeated() throws Exception {
        EmbeddedPostgres postgres = start();
        ProcessHandle postmaster = ProcessHandle.of(postgres.pid()).orElseThrow();
        postgres.close();
        postgres.close();
        postmaster.onExit().get(20, TimeUnit.SECONDS);
        assertFalse(postgres.isAlive());
    }

    private static void run(Login login, String sql) throws SQLException {
        try (Connection connection = Bootstrap.connect(login)) {
            Bootstrap.run(connection, sql);
        }
    }

    private static int number(Login login, String query) throws SQLException {
        try (Connection connection = Bootstrap.connect(login); Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            assertTrue(rows.next(), query);
            return rows.getInt(1);
        }
    }
}
