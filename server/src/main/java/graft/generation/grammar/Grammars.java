package graft.generation.grammar;

import graft.engine.Guide;
import graft.tokens.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.BitSet;
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
    /** A request has one answer and perhaps many functions, whose schemas are small beside compiled ones. */
    private static final int CHECKED = 16;
    private final Tokenizer tokenizer;
    private final Set<Integer> stopTokens;
    private final Set<Integer> marks;
    private final int rows;
    private final Limits limits;
    private final Map<Shape, Grammar> grammars;
    /** Schemas that were looked at, and why answers can't be held to them; empty where they can. */
    private final Map<Object, String> checked;
    private Optional<Spellings> spellings = Optional.empty();
    private Optional<Spellings> withMarks = Optional.empty();

    /**
     * @param schemaBytes   of a schema as JSON
     * @param depth         levels of a schema, and of an answer
     * @param compiledBytes of a compiled schema
     * @param compileTime   of a schema that is larger than usual
     * @param shapeBytes    of a compiled answer that several schemas are parts of
     * @param remembered    compiled answers kept for each model
     */
    public record Limits(int schemaBytes, int depth, int compiledBytes, Duration compileTime, int shapeBytes,
            int remembered) {
        public static final Limits DEFAULT = new Limits(64 << 10, 32, 1 << 20, Duration.ofMillis(100), 4 << 20, 64);
    }

    /**
     * @param rows       of the model's output head
     * @param stopTokens that end an answer
     * @param marks      special tokens that shapes may write, by their names; JSON alone never does
     */
    public Grammars(Tokenizer tokenizer, int rows, Set<Integer> stopTokens, Set<Integer> marks, Limits limits) {
        this.tokenizer = tokenizer;
        this.marks = Set.copyOf(marks);
        this.rows = rows;
        this.stopTokens = Set.copyOf(stopTokens);
        this.limits = limits;
        this.grammars = lastUsed(limits.remembered());
        this.checked = lastUsed(limits.remembered() * CHECKED);
    }

    private static <K, V> Map<K, V> lastUsed(int most) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > most;
            }
        };
    }

    /**
     * @param schema of maps, lists, texts, numbers, booleans and null
     * @throws InvalidSchemaException naming what of it can't be served
     */
    public Grammar of(Object schema) {
        return of(new Shape.Json(schema));
    }

    /** @throws InvalidSchemaException naming what of it can't be served */
    public Grammar of(Shape shape) {
        boolean plain = shape instanceof Shape.Json;
        Spellings vocabulary;
        synchronized (this) {
            Grammar known = grammars.get(shape);
            if (known != null) return known;
            vocabulary = plain ? spellings() : withMarks();
        }
        if (stopTokens.isEmpty()) throw new InvalidSchemaException("This model has no token that ends an answer,"
                + " so its answers can't be held to a format.");
        checkSizes(shape);
        ShapeCompiler.Compiled compiled = ShapeCompiler.compile(shape, new ShapeCompiler.Limits(limits.depth(),
                plain ? limits.compiledBytes() : limits.shapeBytes(), limits.compileTime()), vocabulary.singles());
        Grammar grammar = new Grammar(new Automaton(compiled, limits.depth(), STATES,
                Math.max(16, MASK_BYTES / (rows / 8 + 1))), vocabulary, tokenizer, stopTokens, guide(shape));
        synchronized (this) {
            grammars.put(shape, grammar);
        }
        return grammar;
    }

    /** For engines that compile schemas themselves: those of calls have no form that such engines share with us. */
    private static Optional<Guide> guide(Shape shape) {
        if (!(shape instanceof Shape.Json json)) return Optional.empty();
        if (json.schema().equals(ANY_OBJECT)) return Optional.of(new Guide(Guide.Kind.JSON_OBJECT, ""));
        return Optional.of(new Guide(Guide.Kind.JSON_SCHEMA, Literals.json(json.schema())));
    }

    /**
     * Whether answers can be held to a schema.
     *
     * @return why they can't, where the schema is a good one that says more than can be held to
     * @throws InvalidSchemaException if it is wrong, unsatisfiable or too large
     */
    public Optional<String> unsupported(Object schema) {
        Shape shape = new Shape.Json(schema);
        BitSet singles;
        synchronized (this) {
            Optional<String> known = grammars.containsKey(shape) ? Optional.of("") : Optional.ofNullable(checked.get(
                    schema));
            if (known.isPresent()) return known.filter(why -> !why.isEmpty());
            singles = spellings().singles();
        }
        String why = "";
        try {
            checkSizes(shape);
            ShapeCompiler.compile(shape, new ShapeCompiler.Limits(limits.depth(), limits.compiledBytes(),
                    limits.compileTime()), singles);
        } catch (InvalidSchemaException e) {
            if (!e.isUnsupported()) throw e;
            why = e.getMessage();
        }
        synchronized (this) {
            checked.put(schema, why);
        }
        return Optional.of(why).filter(one -> !one.isEmpty());
    }

    private Spellings spellings() {
        if (spellings.isEmpty()) spellings = Optional.of(Spellings.of(tokenizer, rows, Set.of()));
        return spellings.get();
    }

    private Spellings withMarks() {
        if (marks.isEmpty()) return spellings();
        if (withMarks.isEmpty()) withMarks = Optional.of(Spellings.of(tokenizer, rows, marks));
        return withMarks.get();
    }

    private void checkSizes(Shape shape) {
        switch (shape) {
            case Shape.Text _ -> { }
            case Shape.Json json -> {
                int size = Literals.json(json.schema()).getBytes(StandardCharsets.UTF_8).length;
                if (size > limits.schemaBytes()) throw new InvalidSchemaException("The schema has " + size + " bytes; "
                        + limits.schemaBytes() + " are the most.");
            }
            case Shape.InTurn turn -> turn.parts().forEach(this::checkSizes);
            case Shape.OneOf one -> one.alternatives().forEach(this::checkSizes);
            case Shape.Repeated repeated -> checkSizes(repeated.item());
            case Shape.Free free -> checkSizes(free.then());
        }
    }
}
