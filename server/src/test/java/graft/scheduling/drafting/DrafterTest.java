package graft.scheduling.drafting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DrafterTest {
    private static final Speculation SETTINGS = new Speculation(Speculation.Mode.ON, 8, 2, 8, 1000, 64, 2, 6);

    private final Drafters drafters = new Drafters(SETTINGS);

    @Test
    void whatFollowedTheSameTokensBeforeIsGuessedAndALoopGoesOn() {
        Drafter drafter = drafter("a", 1, 2, 3, 4, 5, 9, 1, 2, 3);
        assertEquals(List.of(4, 5, 9, 1), guesses(drafter, 4));
        Drafter loop = drafter("a", 7, 8, 7, 8, 7, 8);
        assertEquals(List.of(7, 8, 7, 8, 7), guesses(loop, 5));
    }

    @Test
    void theLongestMatchCountsMoreThanTheLatest() {
        assertEquals(List.of(50), guesses(drafter("a", 1, 2, 3, 50, 9, 2, 3, 60, 1, 2, 3), 1));
    }

    @Test
    void ofEquallyLongMatchesTheMostFrequentFollowerIsGuessedThenTheLatest() {
        assertEquals(List.of(5), guesses(drafter("a", 1, 2, 5, 8, 1, 2, 6, 9, 1, 2, 5, 7, 1, 2), 1));
        assertEquals(List.of(6), guesses(drafter("a", 1, 2, 5, 8, 1, 2, 6, 9, 1, 2), 1));
    }

    @Test
    void whatNeverStoodThereBeforeIsNotGuessed() {
        assertFalse(drafter("a", 1, 2, 3, 4).guess());
        assertFalse(drafter("a", 1).guess());
        assertFalse(drafter("a").guess());
        assertFalse(drafter("a", 3, 5, 3).guess(), "one token is less than the shortest match");
    }

    @Test
    void formerAnswersForetellThoseOfTheirKindOnly() {
        drafters.keep("a", new int[] {30, 31, 32, 33});
        assertEquals(List.of(32, 33), guesses(drafter("a", 1, 30, 31), 5), "and nothing follows an answer's end");
        assertFalse(drafter("b", 1, 30, 31).guess());
        drafters.keep("b", new int[] {1});
        drafters.keep("c", new int[] {1});
        assertFalse(drafter("a", 1, 30, 31).guess(), "two kinds are remembered, a is the third");
    }

    @Test
    void onlyTheWindowIsLookedAtAndALongAnswerDoesNotDisplaceAll() {
        var small = new Drafters(new Speculation(Speculation.Mode.ON, 8, 2, 8, 16, 1024, 2, 6));
        Drafter drafter = small.drafter("a");
        for (int token : new int[] {1, 2, 3}) drafter.add(token);
        IntStream.range(100, 160).forEach(drafter::add);
        for (int token : new int[] {1, 2}) drafter.add(token);
        assertFalse(drafter.guess());
        small.keep("a", new int[] {70, 71, 72});
        small.keep("a", IntStream.range(1000, 9000).toArray());
        Drafter later = small.drafter("a");
        for (int token : new int[] {70, 71}) later.add(token);
        assertTrue(later.guess());
        assertEquals(72, later.token());
    }

    @Test
    void aSequenceWhoseGuessesFailIsBelievedLessAndOthersOfItsKindALittle() {
        Drafter drafter = drafter("a", 1, 2, 3, 1, 2);
        double before = chance(drafter);
        for (int i = 0; i < 20; i++) {
            drafter.guess();
            drafter.verified(1, 0);
        }
        double after = chance(drafter);
        double others = chance(drafter("a", 1, 2, 3, 1, 2));
        assertTrue(after < 0.1, before + " became " + after);
        assertTrue(after < others && others < before, after + " < " + others + " < " + before);
        for (int i = 0; i < 2000; i++) drafter.verified(0, 0);
        assertTrue(chance(drafter) > 2 * after, "it is believed again after a while");
    }

    private static double chance(Drafter drafter) {
        assertTrue(drafter.guess());
        double chance = drafter.chance();
        drafter.verified(0, 0);
        return chance;
    }

    /** Against the plainest search there is. */
    @Test
    void everyGuessIsTheFollowerOfTheLongestOfTheLatestPlaces() {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        for (int text = 0; text < 200; text++) {
            int window = 2 << random.nextInt(7);
            int shortest = 1 + random.nextInt(3);
            var settings = new Speculation(Speculation.Mode.ON, 8, shortest, shortest + random.nextInt(6), window, 0, 1, 6);
            Drafter drafter = new Drafters(settings).drafter("a");
            List<Integer> tokens = new ArrayList<>();
            int vocabulary = 2 + random.nextInt(12);
            for (int i = 0; i < 300; i++) {
                int token = random.nextInt(vocabulary);
                tokens.add(token);
                drafter.add(token);
                int expected = longest(tokens, settings);
                int kept = Math.max(0, tokens.size() - Math.max(2, Integer.highestOneBit(Math.max(2, window) - 1) << 1));
                int found = drafter.guess() ? matched(tokens, drafter.token(), settings, kept) : 0;
                // Chains are cut at 32 places, so in a large window a longer match may be missed, but never a match.
                assertTrue(window > 32 ? (found > 0) == (expected > 0) : found == expected,
                        "text " + text + " at " + i + ": " + found + " of " + expected);
            }
        }
    }

    private static int longest(List<Integer> tokens, Speculation settings) {
        int kept = Math.max(0, tokens.size() - Math.max(2, Integer.highestOneBit(Math.max(2, settings.window()) - 1) << 1));
        return matched(tokens, -1, settings, kept);
    }

    /** Tokens of the longest match that this token follows (any if -1); 0 if there is none. */
    private static int matched(List<Integer> tokens, int follower, Speculation settings, int oldest) {
        int best = 0;
        int compared = Math.min(settings.longestMatch(), Math.min(settings.window(), tokens.size()));
        for (int place = oldest + 1; place < tokens.size(); place++) {
            int matched = 0;
            while (matched < compared && place - 1 - matched >= oldest
                    && tokens.get(place - 1 - matched).equals(tokens.get(tokens.size() - 1 - matched))) matched++;
            if (matched >= settings.shortestMatch() && (follower < 0 || tokens.get(place) == follower))
                best = Math.max(best, matched);
        }
        return best;
    }

    private Drafter drafter(String kind, int... tokens) {
        Drafter drafter = drafters.drafter(kind);
        for (int token : tokens) drafter.add(token);
        return drafter;
    }

    private static List<Integer> guesses(Drafter drafter, int most) {
        List<Integer> guesses = new ArrayList<>();
        while (guesses.size() < most && drafter.guess()) guesses.add(drafter.token());
        return guesses;
    }
}
