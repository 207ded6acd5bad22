package graft.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class WorkersTest {
    @Test
    void aVirtualThreadsWorkRunsOnAPlatformThread() throws Exception {
        try (Workers workers = new Workers("test", 1, 0)) {
            CompletableFuture<Boolean> virtual = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> virtual.complete(workers.call(() -> Thread.currentThread().isVirtual())));
            assertFalse(virtual.get(1, TimeUnit.MINUTES));
        }
    }

    @Test
    void noMoreRunAtOnceThanAreAllowed() throws InterruptedException {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (Workers workers = new Workers("test", 2, 0)) {
            Supplier<Integer> work = () -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                Thread.yield();
                return running.decrementAndGet();
            };
            List<Thread> callers = IntStream.range(0, 16)
                    .mapToObj(i -> Thread.ofVirtual().start(() -> workers.call(work))).toList();
            for (Thread caller : callers) caller.join();
        }
        assertTrue(most.get() <= 2, most + " at once");
    }

    @Test
    void failuresReachTheCallerAsTheyAre() {
        try (Workers workers = new Workers("test", 1, 0)) {
            assertThrows(IllegalArgumentException.class, () -> workers.call(() -> {
                throw new IllegalArgumentException("of the work");
            }));
            assertThrows(StackOverflowError.class, () -> workers.call(() -> {
                throw new StackOverflowError();
            }));
        }
    }

    @Test
    void closingWaitsForWhatIsInLineAndTakesNothingMore() throws ExecutionException, InterruptedException {
        Workers workers = new Workers("test", 1, 0);
        CountDownLatch go = new CountDownLatch(1);
        CompletableFuture<String> last = new CompletableFuture<>();
        workers.start(() -> {
            try {
                go.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        workers.start(() -> last.complete("done"));
        Thread closer = Thread.ofPlatform().start(workers::close);
        go.countDown();
        closer.join();
        assertEquals("done", last.get());
        assertThrows(IllegalStateException.class, () -> workers.start(() -> { }));
        workers.close();
    }

    /** The 19th field of a thread's stat is its niceness (proc_pid_stat(5)). */
    @Test
    @EnabledOnOs(OS.LINUX)
    void threadsOfNicenessGiveWayAndOthersDoNot() {
        try (Workers behind = new Workers("test", 1, 7); Workers urgent = new Workers("test", 1, 0)) {
            int own = niceness();
            assertEquals(own, urgent.call(WorkersTest::niceness));
            assertEquals(7, behind.call(WorkersTest::niceness));
        }
    }

    private static int niceness() {
        try {
            String stat = Files.readString(Path.of("/proc/thread-self/stat"));
            return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[16]);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
