package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GuessLimitTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    @Test
    void theEleventhBadKeyOfAMinuteHasToWaitUntilTheFirstIsAMinuteOld() {
        GuessLimit limit = new GuessLimit(10, 100);
        long start = Long.MAX_VALUE - 5 * SECOND; // nanoTime may wrap around
        for (int i = 0; i < 10; i++) assertTrue(limit.bad("a", start + i * SECOND).isEmpty());
        assertEquals(Optional.of(Duration.ofSeconds(50)), limit.bad("a", start + 10 * SECOND));
        assertEquals(Optional.of(Duration.ofSeconds(1)), limit.bad("a", start + 59 * SECOND));
        assertTrue(limit.bad("a", start + 60 * SECOND).isEmpty());
        assertEquals(Optional.of(Duration.ofSeconds(1)), limit.bad("a", start + 60 * SECOND));
    }

    @Test
    void addressesDoNotShareTheirGuesses() {
        GuessLimit limit = new GuessLimit(1, 100);
        assertTrue(limit.bad("a", 0).isEmpty());
        assertTrue(limit.bad("b", 0).isEmpty());
        assertTrue(limit.bad("a", 1).isPresent());
    }

    @Test
    void onlyTheLatestGuessersAreRemembered() {
        GuessLimit limit = new GuessLimit(1, 2);
        for (String address : new String[] {"a", "b", "c"}) assertTrue(limit.bad(address, 0).isEmpty());
        assertTrue(limit.bad("c", 1).isPresent());
        assertTrue(limit.bad("a", 1).isEmpty());
    }
}
