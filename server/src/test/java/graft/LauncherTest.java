package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher's script and what Java expects of it, without starting anything that lasts. */
class LauncherTest {
    private static final Path ROOT = Path.of(System.getProperty("graft.root"));

    private record Said(int code, String text) {}

    private static Said launch(Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(ROOT.resolve("graft").toString()).redirectErrorStream(true);
        builder.command().addAll(List.of(arguments));
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes());
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        return new Said(process.exitValue(), text);
    }

    @Test
    void javaLooksWhereTheLauncherUnpacks(@TempDir Path cache) throws IOException {
        Set<String> pinned = Files.readAllLines(ROOT.resolve("server/src/main/fetch/pins.txt")).stream()
                .filter(line -> !line.startsWith("#")).map(line -> line.split(" +")[1] + "-" + line.split(" +")[2])
                .collect(Collectors.toSet());
        Artifacts artifacts = Artifacts.in(Optional.of(cache));
        for (String message : List.of(
                assertThrows(SetupException.class, artifacts::demoModel).getMessage(),
                assertThrows(SetupException.class, artifacts::embedder).getMessage(),
                assertThrows(RuntimeException.class, () ->
                        graft.registry.postgres.PostgresBinaries.in(cache)).getMessage())) {
            assertTrue(message.contains("./graft fetch"), message);
            assertEquals(1, pinned.stream().filter(folder -> message.contains("/" + folder + "/")).count(), message);
        }
    }

    @Test
    void helpNamesEveryCommandAndAnUnknownOneIsRefused() throws Exception {
        Said help = launch(Map.of(), "help");
        assertEquals(0, help.code());
        for (String command : List.of("up", "test", "test long", "fetch", "verify", "bench", "image")) {
            assertTrue(help.text().contains("\n  " + command + " "), command);
        }
        Said unknown = launch(Map.of(), "nonsense");
        assertEquals(2, unknown.code());
        assertEquals(1, unknown.text().lines().count(), unknown.text());
    }

    @Test
    void whatTheMachineLacksIsNamedInOneSentence(@TempDir Path empty) throws Exception {
        Said said = launch(Map.of("GRAFT_CACHE", empty.toString(), "PATH", tools(empty.resolve("bin"))), "fetch");
        assertEquals(2, said.code(), said.text());
        assertTrue(said.text().strip().lines().toList().getLast().contains("pip"), said.text());
    }

    /** A PATH with what a bare system has, and without Python. */
    private static String tools(Path bin) throws IOException {
        Files.createDirectories(bin);
        for (String tool : List.of("dirname", "uname", "grep", "sed", "readlink", "mkdir", "mktemp", "tr", "rm",
                "sha256sum", "cut", "find", "head", "basename", "mv", "chmod", "rmdir")) {
            Path found = Stream.of("/usr/bin", "/bin").map(folder -> Path.of(folder, tool)).filter(Files::exists)
                    .findFirst().orElseThrow();
            Path forward = Files.writeString(bin.resolve(tool), "#!/bin/sh\nexec " + found + " \"$@\"\n");
            assertTrue(forward.toFile().setExecutable(true));
        }
        return bin.toString();
    }

    @Test
    void optionsBecomeSettings() {
        assertEquals(Map.of("port", "18080", "host", "0.0.0.0", "data", "d", "demo", "false", "bases", "demo\nx=/m\n"),
                Arguments.parse("--port", "18080", "--host=0.0.0.0", "--data", "d", "--no-demo", "--base", "demo",
                        "--base", "x=/m").settings());
        assertTrue(Arguments.parse("--migrate-only", "--data=/data").migrateOnly());
        assertThrows(SetupException.class, () -> Arguments.parse("--port"));
        assertThrows(SetupException.class, () -> Arguments.parse("--prot", "1"));
        assertThrows(SetupException.class, () -> Arguments.parse("up"));
    }
}
