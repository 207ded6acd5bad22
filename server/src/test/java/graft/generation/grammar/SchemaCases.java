package graft.generation.grammar;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import graft.engine.TokenConstraint;
import graft.tokens.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** Schemas of every kind, answers drawn at random from their grammars, and a validator of someone else's. */
public final class SchemaCases {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final SchemaRegistry REGISTRY = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12);

    private SchemaCases() {}

    /** One schema a line, as JSON. */
    public static List<String> all() {
        try (var in = SchemaCases.class.getResourceAsStream("/grammar/schemas.jsonl")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Object tree(String json) {
        try {
            return MAPPER.readValue(json, Object.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Fails unless the text is JSON and valid. */
    public static void assertValid(String schema, String text) {
        Schema validator = REGISTRY.getSchema(schema, InputFormat.JSON);
        var errors = validator.validate(text, InputFormat.JSON, context ->
                context.executionConfig(config -> config.formatAssertionsEnabled(true)));
        assertTrue(errors.isEmpty(), () -> schema + "\n" + text + "\n" + errors);
    }

    /** @return an answer drawn at random, or nothing where it did not end within the tokens */
    private static Optional<String> draw(Tokenizer tokenizer, Grammar grammar, Set<Integer> stops, BitSet closing,
            Random random, int tokens) {
        TokenConstraint constraint = grammar.newConstraint();
        var detokenizer = tokenizer.newDetokenizer();
        StringBuilder text = new StringBuilder();
        for (int step = 0; step < tokens; step++) {
            float[] logits = new float[tokenizer.vocabularySize()];
            constraint.mask(logits);
            BitSet allowed = new BitSet(logits.length);
            for (int id = 0; id < logits.length; id++) allowed.set(id, logits[id] == 0);
            assertTrue(!allowed.isEmpty(), () -> "nothing may follow " + text);
            // What ends a value is likelier, more so in a long answer, or few would ever come to their end.
            BitSet preferred = (BitSet) allowed.clone();
            preferred.and(closing);
            boolean close = !preferred.isEmpty() && random.nextDouble() < (step < tokens / 3 ? 0.3 : 0.9);
            int token = pick(close ? preferred : allowed, random);
            constraint.accept(token);
            if (stops.contains(token)) return Optional.of(text.append(detokenizer.flush()).toString());
            text.append(detokenizer.push(token));
        }
        return Optional.empty();
    }

    private static int pick(BitSet from, Random random) {
        return from.stream().skip(random.nextInt(from.cardinality())).findFirst().orElseThrow();
    }

    /** Tokens that end a value or a part of it. */
    private static BitSet closing(Tokenizer tokenizer, Set<Integer> stops) {
        BitSet closing = new BitSet();
        stops.forEach(closing::set);
        for (int id = 0; id < tokenizer.vocabularySize(); id++) {
            String spelled = new String(tokenizer.bytes(id), StandardCharsets.UTF_8);
            if (spelled.matches("[\"\\]}@.x ]|\"[\\]}]")) closing.set(id);
        }
        return closing;
    }

    /** Draws answers to every schema; all that end are valid, and every schema has some. */
    static void drawAll(Tokenizer tokenizer, Set<Integer> stops, int answers, int tokens) {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        Grammars grammars = new Grammars(tokenizer, tokenizer.vocabularySize(), stops, Set.of(),
                Grammars.Limits.DEFAULT);
        BitSet closing = closing(tokenizer, stops);
        int finished = 0;
        for (String schema : all()) {
            Grammar grammar = grammars.of(tree(schema));
            int own = 0;
            for (int i = 0; i < answers; i++) {
                Optional<String> answer = draw(tokenizer, grammar, stops, closing, random, tokens);
                answer.ifPresent(text -> assertValid(schema, text));
                if (answer.isPresent()) own++;
            }
            assertTrue(own > 0, () -> "no answer ended: " + schema);
            finished += own;
        }
        System.out.println("schemas=" + all().size() + " answers=" + all().size() * answers + " finished=" + finished);
        assertTrue(all().size() >= 100);
    }
}
