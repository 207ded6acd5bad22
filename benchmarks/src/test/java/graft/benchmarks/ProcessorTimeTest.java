package graft.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ProcessorTimeTest {
    @Test
    void theLedgersThreadIsTakenOutOfTheWhole() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/task")), "needs Linux");
        long self = ProcessHandle.current().pid();
        ProcessorTime before = ProcessorTime.of(self);
        Thread ledger = Thread.ofPlatform().name("ledger").start(() -> {
            try {
                while (ProcessorTime.of(self).metered() - before.metered() < 10) Thread.onSpinWait();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        ProcessorTime after = before;
        while (ledger.isAlive() && after.metered() - before.metered() < 5) after = ProcessorTime.of(self);
        ledger.join();
        assertTrue(after.all() - before.all() >= after.metered() - before.metered(), before + " " + after);
        assertTrue(after.metered() > before.metered(), before + " " + after);
        assertEquals(0.25, new ProcessorTime(140, 30).shareSince(new ProcessorTime(100, 20)));
    }
}
