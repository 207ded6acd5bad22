package graft.engine;

import java.util.Objects;

/**
 * What a {@link TokenConstraint} holds an answer to, for an engine that masks tokens itself.
 *
 * @param text a JSON Schema; empty for any object
 */
public record Guide(Kind kind, String text) {
    public Guide {
        Objects.requireNonNull(kind);
        Objects.requireNonNull(text);
    }

    public enum Kind { JSON_OBJECT, JSON_SCHEMA }
}
