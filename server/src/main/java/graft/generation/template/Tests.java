package graft.generation.template;

import java.util.List;
import java.util.Map;

/** The tests behind {@code is} (jinja2/tests.py). */
final class Tests {
    private Tests() {}

    static boolean holds(Run run, String name, Object value, Arguments arguments) {
        run.step(1);
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == null;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "number" -> Values.isNumber(value);
            case "string" -> value instanceof String;
            case "mapping" -> value instanceof Map<?, ?>;
            case "sequence", "iterable" -> value instanceof String || value instanceof List<?>
                    || value instanceof Map<?, ?>
                    || value instanceof Undefined;
            case "callable" -> value instanceof Callable || value instanceof Undefined;
            case "escaped" -> false;
            case "even" -> Values.real(value) % 2 == 0;
            case "odd" -> Math.abs(Values.real(value) % 2) == 1;
            case "divisibleby" -> divisible(Values.whole(value), Values.whole(arguments.need(0, "num")));
            case "lower" -> Methods.isCased(Strings.str(value), false);
            case "upper" -> Methods.isCased(Strings.str(value), true);
            case "sameas" -> same(value, arguments.need(0, "other"));
            case "in" -> Values.contains(arguments.need(0, "seq"), value);
            case "filter" -> Filters.exists(Values.text(value));
            case "test" -> exists(Values.text(value));
            case "eq", "equalto", "==" -> Values.equal(value, arguments.need(0, "other"));
            case "ne", "!=" -> !Values.equal(value, arguments.need(0, "other"));
            case "lt", "lessthan", "<" -> Values.compare(value, arguments.need(0, "other")) < 0;
            case "le", "<=" -> Values.compare(value, arguments.need(0, "other")) <= 0;
            case "gt", "greaterthan", ">" -> Values.compare(value, arguments.need(0, "other")) > 0;
            case "ge", ">=" -> Values.compare(value, arguments.need(0, "other")) >= 0;
            default -> throw new TemplateException("no test named '" + name + "'");
        };
    }

    private static boolean exists(String name) {
        return ("|defined|undefined|none|boolean|true|false|integer|float|number|string|mapping|sequence|iterable|"
                + "callable|escaped|even|odd|divisibleby|lower|upper|sameas|in|filter|test|eq|equalto|==|ne|!=|lt|"
                + "lessthan|<|le|<=|gt|greaterthan|>|ge|>=|").contains("|" + name + "|");
    }

    private static boolean divisible(long value, long by) {
        if (by == 0) throw new TemplateException("arithmetic: division by zero");
        return value % by == 0;
    }

    /** Identity: what Python keeps once (None, True, False) or the very same object. */
    private static boolean same(Object value, Object other) {
        return value == other || value instanceof Boolean && value.equals(other);
    }
}
