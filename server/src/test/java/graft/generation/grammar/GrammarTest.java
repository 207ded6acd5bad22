package graft.generation.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.TokenConstraint;
import graft.tokens.ByteTokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Grammars over a vocabulary of bytes: what they let pass, what they refuse, and that they always can end. */
class GrammarTest {
    private static final ByteTokenizer BYTES = new ByteTokenizer();
    private static final Set<Integer> STOPS = Set.of(ByteTokenizer.END);

    private static Grammar grammar(String schema) {
        return new Grammars(BYTES, ByteTokenizer.VOCABULARY, STOPS, Set.of(), Grammars.Limits.DEFAULT)
                .of(SchemaCases.tree(schema));
    }

    private static float[] masked(TokenConstraint constraint) {
        float[] logits = new float[ByteTokenizer.VOCABULARY];
        constraint.mask(logits);
        return logits;
    }

    /** Whether the whole text is an answer. */
    private static boolean accepts(String schema, String text) {
        TokenConstraint constraint = grammar(schema).newConstraint();
        for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
            if (masked(constraint)[one & 0xff] != 0) return false;
            constraint.accept(one & 0xff);
        }
        return masked(constraint)[ByteTokenizer.END] == 0;
    }

    private static void refused(String schema, String naming) {
        InvalidSchemaException refusal = assertThrows(InvalidSchemaException.class, () -> grammar(schema), schema);
        assertTrue(refusal.getMessage().contains(naming), refusal.getMessage());
    }

    @Test
    void everyRandomAnswerIsValid() {
        SchemaCases.drawAll(BYTES, STOPS, 12, 600);
    }

    @Test
    void whatIsValidPassesAndWhatIsNotDoesNot() {
        String person = "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},"
                + "\"age\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":120}},"
                + "\"required\":[\"name\"],\"additionalProperties\":false}";
        assertTrue(accepts(person, "{\"name\":\"J\\u00f6rg 日本\",\"age\":120}"));
        assertTrue(accepts(person, "{\n  \"name\": \"\", \"age\": 7\n}"));
        assertTrue(accepts(person, "{\"name\":\"x\"}"));
        assertFalse(accepts(person, "{\"age\":3}"));
        assertFalse(accepts(person, "{\"name\":\"x\",\"age\":121}"));
        assertFalse(accepts(person, "{\"name\":\"x\",\"age\":01}"));
        assertFalse(accepts(person, "{\"name\":\"x\",\"more\":1}"));
        assertFalse(accepts(person, "{\"name\":\"x\"} "));
        assertFalse(accepts(person, "{\"name\":  \"x\"}"));
        assertTrue(accepts("{\"type\":\"number\",\"minimum\":-1.5,\"exclusiveMaximum\":2}", "1.999"));
        assertFalse(accepts("{\"type\":\"number\",\"minimum\":-1.5,\"exclusiveMaximum\":2}", "-1.51"));
        assertFalse(accepts("{\"type\":\"number\",\"minimum\":-1.5,\"exclusiveMaximum\":2}", "2.0"));
        assertTrue(accepts("{\"type\":\"integer\",\"multipleOf\":7}", "-49"));
        assertFalse(accepts("{\"type\":\"integer\",\"multipleOf\":7}", "50"));
        assertTrue(accepts("{\"type\":\"string\",\"pattern\":\"b+$\"}", "\"aabb\""));
        assertFalse(accepts("{\"type\":\"string\",\"pattern\":\"b+$\"}", "\"aab \""));
    }

    @Test
    void aCompleteAnswerCanOnlyEnd() {
        TokenConstraint constraint = grammar("{\"type\":\"boolean\"}").newConstraint();
        for (int id : ByteTokenizer.ids("true")) {
            float[] logits = masked(constraint);
            assertEquals(Float.NEGATIVE_INFINITY, logits[ByteTokenizer.END]);
            constraint.accept(id);
        }
        float[] logits = masked(constraint);
        for (int id = 0; id < logits.length; id++) assertEquals(id == ByteTokenizer.END, logits[id] == 0, "id " + id);
        TokenConstraint other = grammar("true").newConstraint();
        assertThrows(IllegalStateException.class, () -> other.accept('}'));
    }

    @Test
    void otherKeysAreNeverTheOnesTheSchemaDescribes() {
        String schema = "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"}},"
                + "\"additionalProperties\":{\"type\":\"string\"}}";
        assertTrue(accepts(schema, "{\"id\":1,\"idea\":\"x\",\"i\":\"y\",\"ä\":\"z\"}"));
        assertFalse(accepts(schema, "{\"id\":\"x\"}"));
        assertFalse(accepts(schema, "{\"i\":\"y\",\"id\":\"x\"}"));
        assertFalse(accepts(schema, "{\"\\u0069d\":\"x\"}"));
    }

    @Test
    void whatCantBeHeldIsRefusedByName() {
        for (String keyword : new String[] {"not", "if", "contains", "patternProperties", "propertyNames",
            "minProperties", "dependentRequired", "unevaluatedProperties", "frobnicate"})
            refused("{\"type\":\"object\",\"" + keyword + "\":{}}", "'" + keyword + "'");
        refused("{\"type\":\"array\",\"uniqueItems\":true}", "'uniqueItems'");
        refused("{\"type\":\"string\",\"format\":\"iri\"}", "'iri'");
        refused("{\"type\":\"string\",\"pattern\":\"(?=a)b\"}", "look-around");
        refused("{\"type\":\"string\",\"pattern\":\"(a)\\\\1\"}", "'\\1'");
        refused("{\"type\":\"string\",\"pattern\":\"\\\\bword\"}", "'\\b'");
        refused("{\"type\":\"number\",\"multipleOf\":0.25}", "'multipleOf'");
        refused("{\"type\":\"integer\",\"multipleOf\":100000}", "'multipleOf'");
        refused("{\"type\":\"number\",\"minimum\":1234567890123456789}", "'minimum'");
        refused("{\"type\":\"text\"}", "'type'");
        refused("{\"$ref\":\"https://example.com/schema\"}", "'$ref'");
        refused("{\"$ref\":\"#/$defs/absent\"}", "'$ref'");
        refused("{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]}", "'oneOf'");
        refused("{\"allOf\":[{\"pattern\":\"a\"},{\"pattern\":\"b\"}]}", "'pattern'");
        refused("{\"type\":\"string\",\"minLength\":-1}", "'minLength'");
        refused("{\"enum\":[\"abc\"],\"maxLength\":2}", "'maxLength'");
    }

    @Test
    void whatNothingSatisfiesIsRefused() {
        refused("false", "No answer");
        refused("{\"type\":\"integer\",\"minimum\":3,\"maximum\":2}", "No answer");
        refused("{\"type\":\"object\",\"properties\":{\"me\":{\"$ref\":\"#\"}},\"required\":[\"me\"]}", "No answer");
        refused("{\"$ref\":\"#\"}", "nested deeper");
    }

    @Test
    void sizeAndDepthHaveLimits() {
        String deep = "{\"type\":\"array\",\"items\":".repeat(32) + "{\"type\":\"null\"}" + "}".repeat(32);
        assertTrue(accepts(deep, "[".repeat(32) + "null" + "]".repeat(32)));
        refused("{\"type\":\"array\",\"items\":" + deep + "}", "nested deeper than 32");
        refused("{\"description\":\"" + "x".repeat(66_000) + "\"}", "65536");
        refused("{\"type\":\"string\",\"maxLength\":100000}", "too large");
        refused("{\"type\":\"string\",\"pattern\":\"^(a{2000}){2000}$\"}", "too large");
        String recursive = "{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}";
        assertTrue(accepts(recursive, "[".repeat(33) + "]".repeat(33)));
        assertFalse(accepts(recursive, "[".repeat(34) + "]".repeat(34)));
    }

    @Test
    void aSmallSchemaThatMeansAnEndlessOneIsRefused() {
        for (String keyword : new String[] {"anyOf", "allOf"}) {
            StringBuilder schema = new StringBuilder("{\"$ref\":\"#/$defs/d0\",\"$defs\":{\"d29\":{\"enum\":[]}");
            for (int i = 0; i < 29; i++) schema.append(",\"d").append(i).append("\":{\"").append(keyword)
                    .append("\":[{\"$ref\":\"#/$defs/d").append(i + 1).append("\"},{\"$ref\":\"#/$defs/d")
                    .append(i + 1).append("\"}]}");
            assertThrows(InvalidSchemaException.class, () -> grammar(schema.append("}}").toString()));
        }
    }

    @Test
    void ambiguityDoesNotGrowWithoutBound() {
        String one = "{\"type\":\"array\",\"items\":{\"$ref\":\"#\"},\"maxItems\":3}";
        String two = "{\"type\":\"array\",\"items\":{\"$ref\":\"#\"},\"maxItems\":2}";
        String schema = "{\"anyOf\":[" + one + "," + two + "]}";
        assertTrue(accepts(schema, "[".repeat(30) + "]".repeat(30)));
    }

    @Test
    void aModelWithoutTheLettersIsRefused() {
        Grammars grammars = new Grammars(BYTES, 64, Set.of(63), Set.of(), Grammars.Limits.DEFAULT);
        assertThrows(InvalidSchemaException.class, () -> grammars.of(Map.of("type", "null")));
    }
}
