package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --migrate-only}, which a deployment runs as a job before new servers start. */
class MigrateOnlyIT {
    private record Said(int code, String text) {}

    private static Said migrate(Path data, Map<String, String> settings) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m", "-cp", System.getProperty("java.class.path"), "graft.Main", "--migrate-only",
                "--data=" + data).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("GRAFT_"));
        builder.environment().putAll(settings);
        Process process = builder.start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return new Said(process.exitValue(), text);
    }

    @Test
    void anEmptyDatabaseIsMigratedOnceAndNothingElseIsMade(@TempDir Path folder) throws Exception {
        try (SharedPostgres postgres = SharedPostgres.start(folder.resolve("postgres"))) {
            Map<String, String> settings = new HashMap<>(postgres.settings());
            Said first = migrate(folder.resolve("data"), settings);
            assertEquals(0, first.code(), first.text());
            Said second = migrate(folder.resolve("data"), settings);
            assertEquals(0, second.code(), second.text());
            assertTrue(second.text().contains("migrations run now: 0."), second.text());
            assertFalse(first.text().contains("migrations run now: 0."), first.text());
            var owner = postgres.owner();
            try (var connection = DriverManager.getConnection(owner.url(), owner.user(), owner.password());
                    var rows = connection.createStatement().executeQuery("SELECT count(*) FROM tenant")) {
                assertTrue(rows.next());
                assertEquals(1, rows.getInt(1), "the operator; no server has started, so no demo tenant");
            }
            assertFalse(Files.exists(folder.resolve("data")));
        }
    }

    @Test
    void withoutAnExternalDatabaseItIsRefusedInOneSentence(@TempDir Path folder) throws Exception {
        Said said = migrate(folder.resolve("data"), Map.of());
        assertEquals(2, said.code(), said.text());
        assertEquals(1, said.text().lines().count(), said.text());
        assertTrue(said.text().contains("GRAFT_DATABASE_URL"), said.text());
        assertFalse(Files.exists(folder.resolve("data")));
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsRefusedInOneSentence(@TempDir Path folder) throws Exception {
        Said said = migrate(folder.resolve("data"), Map.of(
                "GRAFT_DATABASE_URL", "jdbc:postgresql://127.0.0.1:1/none", "GRAFT_DATABASE_USER", "nobody"));
        assertEquals(2, said.code(), said.text());
        assertFalse(said.text().contains("\tat "), said.text());
    }
}
