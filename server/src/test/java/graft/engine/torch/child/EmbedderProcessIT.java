package graft.engine.torch.child;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.Embedder;
import graft.engine.torch.TorchEmbedder;
import graft.weights.DemoModel;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The fetched embedder in a process of its own gives the vectors it gives here. */
class EmbedderProcessIT {
    private static final List<int[]> TEXTS = List.of(new int[] {101, 7592, 102}, new int[] {101, 2088, 2003, 2307, 102});

    private static EmbedderProcess open(Path folder) {
        return new EmbedderProcess("e", new EmbedderProcess.Settings(folder, 256, 2048, 256 << 20, Duration.ofSeconds(10)));
    }

    @Test
    void itsVectorsAreTheSameAndRefusalsAreToldAndADeathIsMended() {
        Path folder = DemoModel.embedder();
        long pid;
        try (EmbedderProcess child = open(folder); Embedder here = TorchEmbedder.open("e", folder, "cpu", 256, 2048)) {
            assertEquals(here.dimensions(), child.dimensions());
            assertEquals(here.window(), child.window());
            check(here, child);
            String refusal = assertThrows(IllegalArgumentException.class,
                    () -> child.embed(List.of(new int[] {999_999}))).getMessage();
            assertTrue(refusal.contains("999999"), refusal);
            check(here, child);
            pid = child.pid();
            ProcessHandle first = ProcessHandle.of(pid).orElseThrow();
            first.destroyForcibly();
            first.onExit().join();
            check(here, child);
            assertTrue(child.pid() != pid);
            pid = child.pid();
        }
        assertFalse(ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent());
    }

    private static void check(Embedder here, Embedder child) {
        List<float[]> wanted = here.embed(TEXTS);
        List<float[]> found = child.embed(TEXTS);
        for (int i = 0; i < TEXTS.size(); i++) assertArrayEquals(wanted.get(i), found.get(i), 1e-6f);
    }

    @Test
    void aFolderWithoutAModelIsSaidToBeSo() {
        assertThrows(UncheckedIOException.class, () -> open(Path.of("/no/such/folder")));
    }
}
