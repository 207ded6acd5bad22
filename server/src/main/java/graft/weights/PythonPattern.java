package graft.weights;

import graft.weights.pattern.Expression;
import graft.weights.pattern.InvalidExpressionException;
import graft.weights.pattern.Steps;
import java.util.function.Supplier;

/** A regular expression of an adapter's configuration: refusals name its field. */
final class PythonPattern {
    private final String field;
    private final Steps steps;
    private final Expression expression;

    /**
     * @param field what to call it in messages
     * @param steps shared by all expressions of the configuration
     */
    PythonPattern(String field, String expression, Steps steps) {
        this.field = field;
        this.steps = steps;
        this.expression = named(() -> Expression.parse(expression));
    }

    /** Python's {@code re.fullmatch}. */
    boolean matchesAll(String text) {
        return named(() -> expression.matchesAll(text, steps));
    }

    /** Python's {@code re.match}: from the beginning, not necessarily to the end. */
    boolean matchesStart(String text) {
        return named(() -> expression.matchesStart(text, steps));
    }

    /** The group of the first match from the beginning; empty text where nothing matches. */
    String groupOfStart(String text, int group) {
        return named(() -> expression.groupOfStart(text, group, steps));
    }

    private <T> T named(Supplier<T> work) {
        try {
            return work.get();
        } catch (InvalidExpressionException refused) {
            throw new InvalidAdapterException("adapter_config.json: " + field + " "
                    + InvalidTensorFileException.printable(refused.getMessage()), refused);
        }
    }
}
