package graft.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** The admin UI in a real browser, driven by admin-ui/e2e. Debian's Chromium, or the one that CHROMIUM names. */
class UiIT {
    static boolean chromiumIsHere() {
        return Files.isExecutable(Path.of(System.getenv().getOrDefault("CHROMIUM", "/usr/bin/chromium")));
    }

    @Test
    @EnabledIf(value = "chromiumIsHere", disabledReason = "no Chromium: apt-get install chromium, or set CHROMIUM")
    void aNewUserSignsInUploadsAnAdapterAndChatsWithIt(@TempDir Path folder) throws Exception {
        // The faulty adapters of ../shared were made for this base model; without it the run says that it skips them.
        Path tiny = RunningGraft.ROOT.resolve("../shared/models/tiny-llama3");
        String[] bases = Files.isDirectory(tiny) ? new String[] {"--base", "demo", "--base", tiny.toString()}
                : new String[0];
        try (RunningGraft graft = RunningGraft.up(folder.resolve("data"), Map.of(), bases)) {
            Path log = folder.resolve("e2e.log");
            Process browser = new ProcessBuilder("npm", "run", "--silent", "e2e", "--", graft.url(),
                    graft.data().toString()).directory(RunningGraft.ROOT.resolve("admin-ui").toFile())
                    .redirectErrorStream(true).redirectOutput(log.toFile()).start();
            boolean ended = browser.waitFor(10, TimeUnit.MINUTES);
            String said = Files.readString(log);
            if (!ended) browser.destroyForcibly();
            assertTrue(ended, said);
            assertEquals(0, browser.exitValue(), said);
        }
    }
}
