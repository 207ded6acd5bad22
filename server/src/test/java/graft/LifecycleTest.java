package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LifecycleTest {
    private final List<String> stopped = Collections.synchronizedList(new ArrayList<>());

    @Test
    void partsStopInReverseAlsoWhenOneFailsToStop() {
        Lifecycle lifecycle = new Lifecycle();
        lifecycle.started("first", () -> stopped.add("first"));
        lifecycle.started("second", () -> {
            stopped.add("second");
            throw new IllegalStateException("will not stop (the test's own, logged)");
        });
        lifecycle.inBackground("third", () -> (AutoCloseable) () -> stopped.add("third")).await();
        lifecycle.close();
        lifecycle.close();
        assertEquals(List.of("third", "second", "first"), stopped);
    }

    @Test
    void aPartStillStartingIsStoppedOnceItHasStarted() {
        CountDownLatch mayStart = new CountDownLatch(1);
        Lifecycle lifecycle = new Lifecycle();
        lifecycle.inBackground("slow", () -> {
            mayStart.await();
            return (AutoCloseable) () -> stopped.add("slow");
        });
        Thread.ofVirtual().start(mayStart::countDown);
        lifecycle.close();
        assertEquals(List.of("slow"), stopped);
    }

    @Test
    void theSentenceOfAFailedStartReachesWhoeverAwaitsIt() {
        Lifecycle lifecycle = new Lifecycle();
        Lifecycle.Starting<AutoCloseable> starting = lifecycle.inBackground("broken", () -> {
            throw new SetupException("Something is missing: get it.");
        });
        assertEquals("Something is missing: get it.",
                assertThrows(SetupException.class, starting::await).getMessage());
        lifecycle.close();
    }
}
