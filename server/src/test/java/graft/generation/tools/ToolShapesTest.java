package graft.generation.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.TokenConstraint;
import graft.generation.grammar.Grammars;
import graft.generation.grammar.Shape;
import graft.tokens.ByteTokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What an answer with tools is held to, over a vocabulary of bytes. */
class ToolShapesTest {
    private static final Map<String, Object> DAYS = Map.of("type", "object", "properties", Map.of("days",
            Map.of("type", "integer")), "required", List.of("days"), "additionalProperties", false);

    private static ToolUse tools(boolean must, boolean parallel) {
        List<Tool> tools = List.of(new Tool("weather", DAYS, true, Map.of("name", "weather")),
                new Tool("now", Map.of("type", "object"), false, Map.of("name", "now")));
        return new ToolUse(tools, tools, must, parallel);
    }

    private static boolean accepts(ToolFormat format, ToolUse tools, Optional<Object> text, String answer) {
        Shape shape = new ToolShapes(format).of(tools, text, tool -> tool.strict() || tools.must()).orElseThrow();
        TokenConstraint constraint = new Grammars(new ByteTokenizer(), ByteTokenizer.VOCABULARY,
                Set.of(ByteTokenizer.END), Set.of(), Grammars.Limits.DEFAULT).of(shape).newConstraint();
        for (byte one : answer.getBytes(StandardCharsets.UTF_8)) {
            float[] logits = new float[ByteTokenizer.VOCABULARY];
            constraint.mask(logits);
            if (logits[one & 0xff] != 0) return false;
            constraint.accept(one & 0xff);
        }
        float[] logits = new float[ByteTokenizer.VOCABULARY];
        constraint.mask(logits);
        return logits[ByteTokenizer.END] == 0;
    }

    private static String call(ToolFormat format, String name, String arguments) {
        return new ToolShapes(format).written(List.of(new ToolShapes.Written(name, arguments)));
    }

    @Test
    void whatIsRequiredIsACallAndNothingElse() {
        for (ToolFormat format : ToolFormat.values()) {
            ToolUse must = tools(true, true);
            assertTrue(accepts(format, must, Optional.empty(), call(format, "weather", "{\"days\": 3}")));
            assertTrue(accepts(format, must, Optional.empty(), call(format, "now", "{\"a\": [1]}")));
            assertFalse(accepts(format, must, Optional.empty(), call(format, "weather", "{\"days\": \"3\"}")));
            assertFalse(accepts(format, must, Optional.empty(), call(format, "else", "{}")));
            assertFalse(accepts(format, must, Optional.empty(), "Hello"));
            assertFalse(accepts(format, must, Optional.empty(), ""));
        }
    }

    @Test
    void severalCallsOnlyWhereTheyMayStandTogether() {
        for (ToolFormat format : ToolFormat.values()) {
            String two = new ToolShapes(format).written(List.of(new ToolShapes.Written("weather", "{\"days\": 3}"),
                    new ToolShapes.Written("now", "{}")));
            assertEquals(format != ToolFormat.LLAMA3, accepts(format, tools(true, true), Optional.empty(), two));
            assertFalse(accepts(format, tools(true, false), Optional.empty(), two));
        }
    }

    @Test
    void aTextIsFreeUntilACallBegins() {
        for (ToolFormat format : ToolFormat.values()) {
            ToolUse may = tools(false, true);
            assertTrue(accepts(format, may, Optional.empty(), "It is < 3 days, <tool, [TOOL, \uFF5C ü"));
            assertTrue(accepts(format, may, Optional.empty(), call(format, "weather", "{\"days\": 3}")));
            assertTrue(accepts(format, may, Optional.empty(), call(format, "now", "{\"a\": 1}")));
            assertFalse(accepts(format, may, Optional.empty(), call(format, "weather", "{\"days\": \"3\"}")));
            assertFalse(accepts(format, may, Optional.empty(), call(format, "else", "{}")));
            String opened = "So: " + format.opening();
            assertFalse(accepts(format, may, Optional.empty(), opened), format.word());
            assertFalse(accepts(format, may, Optional.empty(), opened + "x"), format.word());
        }
        assertTrue(accepts(ToolFormat.HERMES, tools(false, true), Optional.empty(), "<<tool_call><tool_call>x"
                .substring(0, 11)));
    }

    @Test
    void withAFormatATextIsOfThatFormat() {
        Optional<Object> text = Optional.of(Map.of("type", "boolean"));
        for (ToolFormat format : ToolFormat.values()) {
            assertTrue(accepts(format, tools(false, true), text, "true"));
            assertTrue(accepts(format, tools(false, true), text, call(format, "now", "{}")));
            assertFalse(accepts(format, tools(false, true), text, "maybe"));
        }
    }

    @Test
    void withoutAStrictFunctionNothingIsHeld() {
        List<Tool> loose = List.of(new Tool("now", Map.of("type", "object"), false, Map.of("name", "now")));
        ToolShapes shapes = new ToolShapes(ToolFormat.HERMES);
        assertTrue(shapes.of(new ToolUse(loose, loose, false, true), Optional.empty(), Tool::strict).isEmpty());
        assertTrue(shapes.of(new ToolUse(loose, loose, false, false), Optional.empty(), Tool::strict).isPresent());
    }
}
