package graft.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher's promises: the data folder, exit codes, restarts. */
class LauncherIT {
    @Test
    void aDataFolderIsPrivateServesOneServerAndKeepsItsContentOverARestart(@TempDir Path folder) throws Exception {
        Path data = folder.resolve("data");
        String key;
        try (RunningGraft first = RunningGraft.up(data, Map.of())) {
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(data)));
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("demo.key"))));
            assertEquals(String.valueOf(first.port()), Files.readString(data.resolve("port")).strip());
            assertTrue(Files.exists(data.resolve("logs/server.log")));
            Process second = new ProcessBuilder(RunningGraft.ROOT.resolve("graft").toString(), "up", "--port",
                    String.valueOf(RunningGraft.freePort()), "--data", data.toString()).redirectErrorStream(true).start();
            String said = new String(second.getInputStream().readAllBytes());
            assertTrue(second.waitFor(60, TimeUnit.SECONDS));
            assertEquals(3, second.exitValue(), said);
            assertEquals(200, first.get(first.demoKey(), "/v1/models").status());
            key = first.demoKey();
            assertEquals(0, first.stop());
        }
        try (RunningGraft again = RunningGraft.up(data, Map.of())) {
            System.out.println("restart: ready in " + again.readyMillis() + " ms");
            assertEquals(key, again.demoKey());
            List<String> models = again.get(key, "/v1/models").json().findValuesAsText("id");
            assertEquals(1, models.stream().filter("triage"::equals).count(), models.toString());
            again.kill();
            try (RunningGraft healed = RunningGraft.up(data, Map.of())) {
                assertEquals(200, healed.get(key, "/v1/models").status());
            }
        }
    }

    @Test
    void whatIsMissingIsSaidInOneSentenceWithExitCodeTwo(@TempDir Path folder) throws Exception {
        assertExit(2, folder, "up", "--base", folder.resolve("no-such-model").toString(), "--data", folder + "/d");
        assertExit(2, folder, "verify", "--base", folder.toString(), "--golden", folder + "/absent.json");
    }

    private static void assertExit(int code, Path folder, String... arguments) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of(RunningGraft.ROOT.resolve("graft").toString()));
        command.addAll(List.of(arguments));
        Path log = folder.resolve("out.log");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        assertTrue(process.waitFor(3, TimeUnit.MINUTES));
        String said = Files.readString(log);
        assertEquals(code, process.exitValue(), said);
        assertFalse(said.contains("\tat "), "a stack trace is no sentence:\n" + said);
    }
}
