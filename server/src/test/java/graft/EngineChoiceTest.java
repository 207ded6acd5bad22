package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EngineChoiceTest {
    @Test
    void memoryIsSharedByTheWeightsOfTheSettingAndEquallyWithoutThem() {
        assertEquals(Map.of("a", 0.5, "b", 0.5), EngineChoice.shares(List.of(), List.of("a", "b")));
        assertEquals(Map.of("a", 0.75, "b", 0.25), EngineChoice.shares(List.of("a=3"), List.of("a", "b")));
        assertEquals(Map.of("x=y", 1.0), EngineChoice.shares(List.of("x=y=7"), List.of("x=y")));
    }

    @Test
    void aShareThatIsNoBasesOrNoWeightIsRefusedInOneSentence() {
        for (String wrong : List.of("c=2", "a", "a=0", "a=-1", "a=much")) {
            var refused = assertThrows(SetupException.class, () -> EngineChoice.shares(List.of(wrong), List.of("a", "b")));
            assertTrue(refused.getMessage().contains(wrong), refused.getMessage());
        }
    }
}
