package graft.generation.grammar;

import graft.tokens.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Compiles schemas for one model and remembers the ones used last. Safe from any thread. */
public final class Grammars {
    /** Any JSON object. */
    public static final Object ANY_OBJECT = Map.of("type", "object");
    private static final int MASK_BYTES = 2 << 20;
    private static final int STATES = 4096;
    private final Tokenizer tokenizer;
    private final Set<Integer> stopTokens;
    private final int rows;
    private final Limits limits;
    private final Map<Object, Grammar> grammars;
    private Optional<Spellings> spellings = Optional.empty();

    /**
     * @param schemaBytes   of a schema as JSON
     * @param depth         levels of a schema, and of an answer
     * @param compiledBytes of a compiled schema, which also bounds the time that compiling takes
     * @param remembered    compiled schemas kept for each model
     */
    public record Limits(int schemaBytes, int depth, int compiledBytes, int remembered) {
        public static final Limits DEFAULT = new Limits(64 << 10, 32, 1 << 20, 64);
    }

    /**
     * @param rows       of the model's output head
     * @param stopTokens that end an answer
     */
    public Grammars(Tokenizer tokenizer, int rows, Set<Integer> stopTokens, Limits limits) {
        this.tokenizer = tokenizer;
        this.rows = rows;
        this.stopTokens = Set.copyOf(stopTokens);
        this.limits = limits;
        this.grammars = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Object, Grammar> eldest) {
                return size() > limits.remembered();
            }
        };
    }

    /**
     * @param schema of maps, lists, texts, numbers, booleans and null
     * @throws InvalidSchemaException naming what of it can't be served
     */
    public Grammar of(Object schema) {
        Spellings vocabulary;
        synchronized (this) {
            Grammar known = grammars.get(schema);
            if (known != null) return known;
            if (spellings.isEmpty()) spellings = Optional.of(Spellings.of(tokenizer, rows));
            vocabulary = spellings.get();
        }
        if (stopTokens.isEmpty()) throw new InvalidSchemaException("This model has no token that ends an answer,"
                + " so its answers can't be held to a format.");
        int size = Literals.json(schema).getBytes(StandardCharsets.UTF_8).length;
        if (size > limits.schemaBytes()) throw new InvalidSchemaException("The schema has " + size + " bytes; "
                + limits.schemaBytes() + " are the most.");
        SchemaCompiler.Compiled compiled = SchemaCompiler.compile(schema, new SchemaCompiler.Limits(limits.depth(),
                limits.compiledBytes()), vocabulary.singles());
        Grammar grammar = new Grammar(new Automaton(compiled, limits.depth(), STATES,
                Math.max(16, MASK_BYTES / (rows / 8 + 1))), vocabulary, tokenizer, stopTokens);
        synchronized (this) {
            grammars.put(schema, grammar);
        }
        return grammar;
    }
}
