package graft.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The official Python client in a virtual environment of its own, against {@code ./graft up}. */
@ExtendWith(SharedGraft.class)
class PythonClientIT {
    private static final String CLIENT = "openai==3.54.0";

    @Test
    void theOfficialPythonClientWorksUnchanged(RunningGraft graft, @TempDir Path folder) throws Exception {
        Path python = folder.resolve("venv/bin/python");
        run(folder, List.of("python3", "-m", "venv", folder.resolve("venv").toString()));
        run(folder, List.of(python.toString(), "-m", "pip", "install", "-q", CLIENT));
        Path script = RunningGraft.ROOT.resolve("server/src/test/python/openai_client.py");
        String output = run(folder, List.of(python.toString(), script.toString(), graft.url(), graft.demoKey()));
        assertTrue(output.contains("all calls hold"), output);
    }

    private static String run(Path folder, List<String> command) throws IOException, InterruptedException {
        Path log = Files.createTempFile(folder, "run", ".log");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        boolean ended = process.waitFor(10, TimeUnit.MINUTES);
        String output = Files.readString(log);
        assertTrue(ended, () -> command + " did not end:\n" + output);
        assertEquals(0, process.exitValue(), () -> command + "\n" + output);
        return output;
    }
}
