package graft.engine.tensorrt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bridge's own tests, in C++: as the Maven build made them, and by hand under two sanitizers. */
class NativeBridgeTest {
    private static final Path ROOT = Path.of(System.getProperty("graft.root"));

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it goes on after its output ended");
        assertEquals(0, process.exitValue(), output);
        return output;
    }

    @Test
    void theNativeTestsPass() throws Exception {
        Path test = ROOT.resolve("server/target/bridge/bridge_test");
        assumeTrue(Files.isExecutable(test), "no compiler or no GoogleTest: " + test + " was not built");
        String output = run(List.of(test.toString()));
        System.out.println(output.lines().filter(line -> line.startsWith("seed") || line.contains("whole")).toList());
        assertTrue(output.contains("[  PASSED  ] 15 tests"), output);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(strings = {"address", "thread"})
    void theNativeTestsPassUnderASanitizer(String sanitizer, @TempDir Path build) throws Exception {
        run(List.of("cmake", "-S", ROOT.resolve("server/src/main/cpp").toString(), "-B", build.toString(),
                "-DSANITIZE=" + sanitizer));
        run(List.of("cmake", "--build", build.toString(), "--target", "bridge_test"));
        assertTrue(run(List.of(build.resolve("bridge_test").toString())).contains("[  PASSED  ] 15 tests"));
    }
}
