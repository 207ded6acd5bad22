package graft.knowledge.retrieval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class DuplicatesTest {
    private static final String BIRCH = "The Birch-103 pump weighs 134 kg and is serviced once a year by the maker.";
    private static final String AGAIN = "the birch-103  pump weighs 134 kg, and is serviced once a year by the maker";
    private static final String OTTER = "The Otter-212 pump weighs 134 kg and is serviced once a year by the maker.";
    private static final String LONGER = BIRCH + " Yes.";

    @Test
    void theSameWordsGoBehindWhatSaysSomethingElseAndNothingIsLost() {
        Duplicates.Folded<String> folded = new Duplicates(1).fold(List.of(BIRCH, AGAIN, OTTER, LONGER),
                Function.identity());
        assertEquals(List.of(BIRCH, OTTER, LONGER, AGAIN), folded.ordered());
        assertEquals(Map.of(AGAIN, BIRCH), folded.standIns());
    }

    @Test
    void sheetsThatDifferInANumberAreNoDuplicatesHoweverAlike() {
        Duplicates.Folded<String> folded = new Duplicates(0.5).fold(List.of(BIRCH, OTTER, LONGER),
                Function.identity());
        assertEquals(Map.of(LONGER, BIRCH), folded.standIns());
        assertEquals(List.of(BIRCH, AGAIN), new Duplicates(0).fold(List.of(BIRCH, AGAIN), Function.identity())
                .ordered());
    }
}
