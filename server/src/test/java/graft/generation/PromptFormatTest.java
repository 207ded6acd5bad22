package graft.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import graft.knowledge.Passage;
import graft.knowledge.ShownPassage;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PromptFormatTest {
    private static ShownPassage shown(String text) {
        return ShownPassage.of(new Passage("c", "f", "f.md", "r", 0, text.length(), text, 1));
    }

    private static Map<String, Object> message(String role, String content) {
        return Map.of("role", role, "content", content);
    }

    @Test
    void passagesStandBeforeTheLastQuestionOneLineEach() {
        List<Map<String, Object>> messages = List.of(message("user", "Hi"), message("assistant", "Hello"),
                message("user", "What does it weigh?"));
        List<Map<String, Object>> with = PromptFormat.withPassages(messages,
                List.of(shown(" The pump\r\n  weighs 134 kg. "), shown("B")), false);
        assertEquals(messages.subList(0, 2), with.subList(0, 2));
        assertEquals("Documents:\n[1] The pump weighs 134 kg.\n[2] B\n\nQuestion: What does it weigh?", with.get(2)
                .get("content"));
    }

    @Test
    void theInstructionJoinsTheSystemMessageOrBecomesOne() {
        List<Map<String, Object>> alone = PromptFormat.withPassages(List.of(message("user", "Q")), List.of(shown("A")),
                true);
        assertEquals(message("system", PromptFormat.INSTRUCTION), alone.getFirst());
        List<Map<String, Object>> joined = PromptFormat.withPassages(List.of(message("system", "Be brief."),
                message("user", "Q")), List.of(shown("A")), true);
        assertEquals("Be brief.\n\n" + PromptFormat.INSTRUCTION, joined.getFirst().get("content"));
        assertEquals(2, joined.size());
    }
}
