package graft.generation.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Calls in every family's own writing, however an answer is cut into deltas. */
class CallReaderTest {
    private static final String ARGUMENTS = "{\"city\": \"Z\\\"ür{ich\\\\\", \"days\": [1, {\"a\": \"}\"}]}";
    private static final String DEEPSEEK_CALL = "<｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n" + ARGUMENTS
            + "\n```<｜tool▁call▁end｜>";

    private static ToolUse tools(boolean must) {
        List<Tool> tools = List.of(tool("weather"), tool("now"));
        return new ToolUse(tools, tools, must, true);
    }

    private static Tool tool(String name) {
        return new Tool(name, Map.of("type", "object"), false, Map.of("name", name));
    }

    /** What a client would put together. */
    private record Told(String text, List<String> calls) {}

    private static Told read(ToolFormat format, boolean must, List<String> deltas) {
        CallReader reader = new CallReader(format, tools(must));
        StringBuilder text = new StringBuilder();
        List<String> calls = new ArrayList<>();
        for (String delta : deltas) {
            CallReader.Read read = reader.push(delta);
            text.append(read.text());
            for (CallPiece piece : read.calls()) {
                piece.begins().ifPresent(begin -> {
                    assertEquals(calls.size(), piece.index());
                    assertTrue(begin.id().matches(format == ToolFormat.MISTRAL ? "\\w{9}" : "call_\\w{24}"));
                    calls.add(begin.name());
                });
                calls.set(piece.index(), calls.get(piece.index()) + piece.arguments());
            }
        }
        text.append(reader.finish().text());
        assertEquals(!calls.isEmpty(), reader.called());
        return new Told(text.toString(), calls);
    }

    /** Whole, letter by letter, and cut at random: always the same. */
    private static void check(ToolFormat format, String answer, String text, String... calls) {
        Told expected = new Told(text, List.of(calls));
        assertEquals(expected, read(format, false, List.of(answer)));
        assertEquals(expected, read(format, false, answer.chars().mapToObj(Character::toString).toList()), answer);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            List<String> deltas = new ArrayList<>();
            for (int at = 0; at < answer.length();) {
                int next = Math.min(answer.length(), at + 1 + random.nextInt(12));
                deltas.add(answer.substring(at, next));
                at = next;
            }
            assertEquals(expected, read(format, false, deltas), () -> "seed=" + seed + " " + deltas);
        }
    }

    @Test
    void everyFamilysCallsAreReadBack() {
        String object = "{\"name\": \"weather\", \"arguments\": " + ARGUMENTS + "}";
        String one = "<tool_call>\n" + object + "\n</tool_call>";
        check(ToolFormat.HERMES, one, "", "weather" + ARGUMENTS);
        check(ToolFormat.HERMES, "I look.\n\n" + one + "\n<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>\n",
                "I look.", "weather" + ARGUMENTS, "now{}");
        String llama = object.replace("arguments", "parameters");
        check(ToolFormat.LLAMA3, llama, "", "weather" + ARGUMENTS);
        check(ToolFormat.LLAMA3, "<|python_tag|>" + llama, "", "weather" + ARGUMENTS);
        check(ToolFormat.LLAMA3, llama + "; " + llama, "", "weather" + ARGUMENTS, "weather" + ARGUMENTS);
        check(ToolFormat.LLAMA3, "{\"type\": \"function\", \"name\": \"now\", \"parameters\": {}}", "", "now{}");
        String deepseek = "<｜tool▁calls▁begin｜>" + DEEPSEEK_CALL + "\n" + DEEPSEEK_CALL + "<｜tool▁calls▁end｜>";
        check(ToolFormat.DEEPSEEK, "<think>\nhm\n</think>\n\n" + deepseek, "<think>\nhm\n</think>",
                "weather" + ARGUMENTS, "weather" + ARGUMENTS);
        check(ToolFormat.DEEPSEEK_V31, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜>"
                + "<｜tool▁call▁begin｜>weather<｜tool▁sep｜>" + ARGUMENTS + "<｜tool▁call▁end｜><｜tool▁calls▁end｜>", "",
                "now{}", "weather" + ARGUMENTS);
        check(ToolFormat.MISTRAL, "[TOOL_CALLS][" + object + ", {\"name\": \"now\", \"arguments\": {}, \"id\": \"abcdefghi\""
                + "}]", "", "weather" + ARGUMENTS, "now{}");
    }

    @Test
    void whatIsNoCallIsTextToTheLastLetter() {
        for (ToolFormat format : ToolFormat.values()) {
            check(format, " Just a text < with [ marks.\n", " Just a text < with [ marks.\n");
            check(format, format.opening() + " never mind", format.opening() + " never mind");
            check(format, "x " + format.opening(), "x " + format.opening());
        }
        String unknown = "<tool_call>\n{\"name\": \"delete_all\", \"arguments\": {}}\n</tool_call>";
        check(ToolFormat.HERMES, unknown, unknown);
        check(ToolFormat.LLAMA3, "{\"name\": \"Bob\", \"age\": 3}", "{\"name\": \"Bob\", \"age\": 3}");
        check(ToolFormat.LLAMA3, "{\"a\": 1}", "{\"a\": 1}");
    }

    @Test
    void textBehindACallIsText() {
        check(ToolFormat.HERMES, "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call> Done.", " Done.", "now{}");
    }

    @Test
    void aCallThatIsCutKeepsWhatItHas() {
        check(ToolFormat.HERMES, "<tool_call>\n{\"name\": \"now\", \"arguments\": {\"a\": [1", "", "now{\"a\": [1");
        Told forced = read(ToolFormat.HERMES, true, List.of("<tool_call>\n{\"name\": \"no"));
        assertEquals(new Told("", List.of()), forced);
        assertFalse(read(ToolFormat.HERMES, false, List.of("<tool_call>\n{\"name\": \"no")).text().isEmpty());
    }

    @Test
    void formatsHaveWords() {
        for (ToolFormat format : ToolFormat.values()) assertEquals(Optional.of(format), ToolFormat.of(format.word()));
        assertEquals(Optional.empty(), ToolFormat.of("xml"));
    }
}
