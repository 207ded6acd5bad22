package graft.generation.template;

import java.util.List;

/** A compiled statement: run as often as rendering meets it. Immutable, safe from any thread. */
@FunctionalInterface
interface Statement {
    enum Signal { NEXT, BREAK, CONTINUE }

    Signal run(Scope scope, StringBuilder out);

    static Statement block(List<Statement> statements) {
        return (scope, out) -> {
            for (Statement statement : statements) {
                scope.run.step(1);
                Signal signal = statement.run(scope, out);
                if (signal != Signal.NEXT) return signal;
            }
            return Signal.NEXT;
        };
    }

    /** What the statement writes, as a text of its own. */
    default String capture(Scope scope) {
        StringBuilder text = new StringBuilder();
        run(scope, text);
        return scope.run.made(text.toString());
    }
}
