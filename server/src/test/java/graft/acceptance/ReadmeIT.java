package graft.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Types the README's steps into one shell, as they stand there; only the port and the data folder are this test's own.
 * A step is a fenced block after {@code <!-- run, expect: REGEX -->}.
 */
class ReadmeIT {
    private static final Pattern STEP = Pattern.compile("<!-- run, expect: (.*?) -->\n```sh\n(.*?)\n```", Pattern.DOTALL);
    private static final String END = "--- end of step ";

    private record Step(String expected, String commands) {}

    @Test
    void everyStepOfTheReadmeShowsWhatItPromises(@TempDir Path folder) throws Exception {
        List<Step> steps = steps();
        assertTrue(steps.size() >= 5, "steps found: " + steps.size());
        try (RunningGraft graft = RunningGraft.up(folder.resolve("data"), Map.of())) {
            StringBuilder script = new StringBuilder("set -e\n");
            for (int i = 0; i < steps.size(); i++) {
                script.append(steps.get(i).commands().replace("/tmp/", folder + "/")
                        .replace("127.0.0.1:8080", "127.0.0.1:" + graft.port()).replace(".graft/", graft.data() + "/"));
                script.append("\necho; echo '").append(END).append(i).append("'\n");
            }
            String output = shell(Files.writeString(folder.resolve("steps.sh"), script));
            String[] outputs = output.split(END + "\\d+\n");
            assertEquals(steps.size(), outputs.length, output);
            for (int i = 0; i < steps.size(); i++) {
                assertTrue(Pattern.compile(steps.get(i).expected()).matcher(outputs[i]).find(),
                        "step " + (i + 1) + " should show " + steps.get(i).expected() + " but printed\n" + outputs[i]);
            }
        }
    }

    private static List<Step> steps() throws IOException {
        Matcher matcher = STEP.matcher(Files.readString(RunningGraft.ROOT.resolve("README.md")));
        List<Step> steps = new ArrayList<>();
        while (matcher.find()) steps.add(new Step(matcher.group(1), matcher.group(2)));
        return steps;
    }

    private static String shell(Path script) throws IOException, InterruptedException {
        Process shell = new ProcessBuilder("sh", script.toString()).directory(RunningGraft.ROOT.toFile())
                .redirectErrorStream(true).start();
        String output = new String(shell.getInputStream().readAllBytes());
        assertTrue(shell.waitFor(10, TimeUnit.MINUTES));
        assertEquals(0, shell.exitValue(), output);
        return output;
    }
}
