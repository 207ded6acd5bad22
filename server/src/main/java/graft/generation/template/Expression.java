package graft.generation.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A compiled expression: evaluated as often as rendering meets it. Immutable, safe from any thread. */
@FunctionalInterface
interface Expression {
    Object evaluate(Scope scope);

    /** An argument of a call as written: {@code a}, {@code name=a}, {@code *a}, {@code **a}. */
    record Argument(String name, Spread spread, Expression value) {
        enum Spread { NONE, LIST, MAP }
    }

    static Arguments arguments(List<Argument> written, Scope scope) {
        if (written.isEmpty()) return Arguments.NONE;
        List<Object> positional = new ArrayList<>();
        Map<String, Object> named = new HashMap<>();
        for (Argument argument : written) {
            Object value = argument.value.evaluate(scope);
            switch (argument.spread) {
                case LIST -> positional.addAll(Values.iterate(value));
                case MAP -> {
                    if (!(value instanceof Map<?, ?> map)) throw new TemplateException("** needs a dict");
                    map.forEach((key, item) -> named.put(Values.text(key), item));
                }
                case NONE -> {
                    if (argument.name == null) positional.add(value);
                    else named.put(argument.name, value);
                }
            }
        }
        return new Arguments(positional, named);
    }

    /** A call; a record so that {@code {% call %}} can hand its body to it. */
    record Call(Expression target, List<Argument> written) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return apply(scope, arguments(written, scope));
        }

        Object evaluateWith(Scope scope, Callable caller) {
            Arguments given = arguments(written, scope);
            Map<String, Object> named = new HashMap<>(given.named());
            named.put("caller", caller);
            return apply(scope, new Arguments(given.positional(), named));
        }

        private Object apply(Scope scope, Arguments arguments) {
            scope.run.step(1);
            Object function = target.evaluate(scope);
            if (function instanceof Undefined undefined) throw undefined.failure();
            if (!(function instanceof Callable callable)) throw new TemplateException(Values.type(function)
                    + " can't be called");
            Object result = callable.call(scope.run, arguments);
            return result instanceof String text ? scope.run.made(text) : result;
        }
    }
}
