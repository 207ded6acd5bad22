package graft.generation.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.tokens.ByteTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Schemas as careless and as hostile clients write them: each is compiled or refused, soon. */
@Timeout(120)
class SchemaFuzzTest {
    private static final List<String> KEYWORDS = List.of("type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref",
            "properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems",
            "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum",
            "exclusiveMaximum", "multipleOf", "$defs", "title", "uniqueItems", "not");
    private static final List<Object> VALUES = Arrays.asList(null, true, false, 0, -1, 3, 2.5, 1e300, 1e-300,
            Double.POSITIVE_INFINITY, Integer.MAX_VALUE, "", "string", "object", "integer", "number", "array", "#", "#/",
            "#/$defs/a", "#/properties", "date", "uuid", "(", "[a-", "a{9999}", "(a|b)*$", "\\", "^\\d{3}$", "\ud800",
            List.of(), List.of(1, "a"), List.of("a", "b"), List.of("string", "null"), Arrays.asList((Object) null),
            List.of(List.of()), Map.of(), Map.of("a", Map.of("type", "string")), Map.of("a", 1), Map.of("type", "integer"),
            Map.of("$ref", "#"), List.of(Map.of("type", "string"), Map.of("type", "integer")), List.of(true, false));

    private static Object mutated(Object value, Random random) {
        return switch (value) {
            case Map<?, ?> map -> {
                Map<Object, Object> copy = new LinkedHashMap<>(map);
                List<Object> keys = new ArrayList<>(copy.keySet());
                switch (random.nextInt(6)) {
                    case 0 -> copy.put(any(KEYWORDS, random), any(VALUES, random));
                    case 1 -> copy.put("allOf", Arrays.asList(map, Map.of(any(KEYWORDS, random), random.nextInt(9))));
                    case 2 -> {
                        if (!keys.isEmpty()) copy.remove(any(keys, random));
                    }
                    case 3 -> {
                        if (!keys.isEmpty()) copy.put(any(keys, random), any(VALUES, random));
                    }
                    default -> {
                        if (!keys.isEmpty()) copy.computeIfPresent(any(keys, random), (key, one) -> mutated(one, random));
                    }
                }
                yield copy;
            }
            case List<?> list when !list.isEmpty() -> {
                List<Object> copy = new ArrayList<>(list);
                int at = random.nextInt(copy.size());
                copy.set(at, mutated(copy.get(at), random));
                yield copy;
            }
            case null, default -> any(VALUES, random);
        };
    }

    private static <T> T any(List<T> from, Random random) {
        return from.get(random.nextInt(from.size()));
    }

    @Test
    void aMutatedSchemaIsCompiledOrRefusedAndNeverBreaksTheCompiler() {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        List<Object> good = SchemaCases.all().stream().map(SchemaCases::tree).toList();
        Grammars grammars = new Grammars(new ByteTokenizer(), ByteTokenizer.VOCABULARY, Set.of(ByteTokenizer.END),
                Set.of(), Grammars.Limits.DEFAULT);
        Map<String, Object> broken = new LinkedHashMap<>();
        int refused = 0;
        long longest = 0;
        int rounds = 6000;
        for (int round = 0; round < rounds; round++) {
            Object schema = any(good, random);
            for (int i = random.nextInt(4); i >= 0; i--) schema = mutated(schema, random);
            if (schema == null) continue; // a request without a schema never gets here
            long start = System.nanoTime();
            try {
                grammars.of(schema).newConstraint().mask(new float[ByteTokenizer.VOCABULARY]);
            } catch (InvalidSchemaException e) {
                refused++;
            } catch (RuntimeException | StackOverflowError e) {
                broken.putIfAbsent(e.getClass() + " " + e.getStackTrace()[1] + e.getStackTrace()[2], schema);
            }
            longest = Math.max(longest, System.nanoTime() - start);
        }
        System.out.println("schemas=" + rounds + " refused=" + refused + " longest_ms=" + longest / 1_000_000);
        assertEquals(Map.of(), broken);
        assertTrue(refused > rounds / 10 && refused < rounds, "refused=" + refused);
    }
}
