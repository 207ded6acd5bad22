package graft.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopMatcherTest {
    @Test
    void textIsCutAtTheFirstStopString() {
        StopMatcher matcher = new StopMatcher(List.of("END", "\n\n"));
        assertEquals("one ", matcher.push("one E"));
        assertEquals("", matcher.push("N"));
        assertFalse(matcher.stopped());
        assertEquals("", matcher.push("D two"));
        assertTrue(matcher.stopped());
        assertEquals("", matcher.push("three"));
        assertEquals("", matcher.flush());
    }

    @Test
    void whatOnlyBeganLikeAStopStringIsSentInTheEnd() {
        StopMatcher matcher = new StopMatcher(List.of("STOP"));
        assertEquals("a ", matcher.push("a STO"));
        assertEquals("STO", matcher.flush());
    }

    @Test
    void anEmptyStopStringIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new StopMatcher(List.of("")));
    }

    @Test
    void anySplitOfTheStreamGivesTheSameText() {
        long seed = System.nanoTime();
        System.out.println("StopMatcherTest seed " + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 2000; round++) {
            String text = letters(random, 1 + random.nextInt(40));
            List<String> stops = new ArrayList<>();
            for (int i = random.nextInt(4); i > 0; i--) stops.add(letters(random, 1 + random.nextInt(4)));
            StopMatcher matcher = new StopMatcher(stops);
            StringBuilder sent = new StringBuilder();
            for (int from = 0; from < text.length();) {
                int to = Math.min(text.length(), from + 1 + random.nextInt(5));
                sent.append(matcher.push(text.substring(from, to)));
                from = to;
            }
            sent.append(matcher.flush());
            assertEquals(cut(text, stops), sent.toString(), () -> text + " by " + stops);
        }
    }

    /** Over three letters, so that stop strings are met and nearly met. */
    private static String letters(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) text.append((char) ('a' + random.nextInt(3)));
        return text.toString();
    }

    /** Letter by letter: the first prefix that ends with a stop string, without it. */
    private static String cut(String text, List<String> stops) {
        for (int end = 1; end <= text.length(); end++) {
            String prefix = text.substring(0, end);
            int longest = stops.stream().filter(prefix::endsWith).mapToInt(String::length).max().orElse(0);
            if (longest > 0) return prefix.substring(0, end - longest);
        }
        return text;
    }
}
