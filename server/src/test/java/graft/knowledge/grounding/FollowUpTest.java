package graft.knowledge.grounding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class FollowUpTest {
    private static void check(String expected, String... questions) {
        assertEquals(expected, FollowUp.selfContained(List.of(questions)));
    }

    @Test
    void aQuestionThatLeansIsAskedWithTheOnesBeforeIt() {
        check("What does the Fir-964 weigh? And its warranty?", "What does the Fir-964 weigh?", "And its warranty?");
        check("How heavy is the Fir-964 pump? How long is it under warranty?", "How heavy is the Fir-964 pump?",
                "How long is it under warranty?");
        check("What does the Fir-964 weigh? And its warranty? Why?", "Who supplies the Elm-106 valve?",
                "What does the Fir-964 weigh?", "And its warranty?", "Why?");
        check("Wie schwer ist die Pumpe Fir-964? Und wie teuer?", "Wie schwer ist die Pumpe Fir-964?",
                "Und wie teuer?");
    }

    @Test
    void aQuestionThatStandsAloneIsAskedAsItIs() {
        check("Who supplies the Elm-106 valve?", "What does the Fir-964 weigh?", "Who supplies the Elm-106 valve?");
        check("Error E57?", "What does the Fir-964 weigh?", "Error E57?");
        check("And?", "And?");
    }

    @Test
    void oldQuestionsAreForgotten() {
        check("And b? And c? And d? And e?", "What of the Fir-964?", "And a?", "And b?", "And c?", "And d?", "And e?");
    }
}
