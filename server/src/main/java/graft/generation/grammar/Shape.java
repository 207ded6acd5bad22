package graft.generation.grammar;

import java.util.List;
import java.util.Objects;

/**
 * What a whole answer looks like where it is more than one JSON value: literal marks, JSON of a schema, and free text
 * up to a mark. Immutable; equal shapes share one compiled grammar.
 */
public sealed interface Shape {
    /** Exactly this text, not empty. */
    record Text(String text) implements Shape {
        public Text {
            if (text.isEmpty()) throw new IllegalArgumentException("an empty text");
        }
    }

    /**
     * JSON of a schema.
     *
     * @param schema of maps, lists, texts, numbers, booleans and null
     */
    record Json(Object schema) implements Shape {
        public Json {
            Objects.requireNonNull(schema);
        }
    }

    /** One after the other. */
    record InTurn(List<Shape> parts) implements Shape {
        public InTurn {
            parts = List.copyOf(parts);
        }

        public static InTurn of(Shape... parts) {
            return new InTurn(List.of(parts));
        }
    }

    record OneOf(List<Shape> alternatives) implements Shape {
        public OneOf {
            alternatives = List.copyOf(alternatives);
        }
    }

    /** Once or more often, with a text between each two. */
    record Repeated(Shape item, String between) implements Shape {
        public Repeated {
            Objects.requireNonNull(item);
            if (between.isEmpty()) throw new IllegalArgumentException("nothing between");
        }
    }

    /**
     * Any text, which may end anywhere; but once it holds the mark, the rest is as told.
     *
     * @param mark     not empty
     * @param notFirst characters of ASCII that it does not begin with
     */
    record Free(String mark, String notFirst, Shape then) implements Shape {
        public Free {
            if (mark.isEmpty()) throw new IllegalArgumentException("an empty mark");
            Objects.requireNonNull(notFirst);
            Objects.requireNonNull(then);
        }
    }
}
