package graft.generation.template;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A macro, or the body of a call block, with the scope it was written in.
 *
 * @param name       what messages call it
 * @param takesMore  its body reads {@code varargs}
 * @param takesNamed its body reads {@code kwargs}
 */
record Macro(String name, List<Parameter> parameters, boolean takesMore, boolean takesNamed, Statement body,
        Scope written) implements Callable {

    /** @param byDefault null where the parameter has no default: it is undefined if not given */
    record Parameter(String name, Expression byDefault) {}

    @Override
    public Object call(Run run, Arguments arguments) {
        run.enter();
        Scope scope = new Scope(written);
        Map<String, Object> extra = new HashMap<>(arguments.named());
        scope.set("caller", extra.containsKey("caller") ? extra.remove("caller") : new Undefined("no caller defined"));
        for (int i = 0; i < parameters.size(); i++) {
            Parameter parameter = parameters.get(i);
            Object value;
            if (i < arguments.positional().size()) value = arguments.positional().get(i);
            else if (extra.containsKey(parameter.name)) value = extra.remove(parameter.name);
            else if (parameter.byDefault != null) value = parameter.byDefault.evaluate(scope);
            else value = new Undefined("parameter '" + parameter.name + "' was not provided");
            scope.set(parameter.name, value);
        }
        List<Object> more = arguments.from(parameters.size()).positional();
        if (!more.isEmpty() && !takesMore) throw new TemplateException("macro '" + name + "' takes "
                + parameters.size() + " arguments");
        if (!extra.isEmpty() && !takesNamed) throw new TemplateException("macro '" + name + "' takes no argument '"
                + extra.keySet().iterator().next() + "'");
        scope.set("varargs", new Tuple(more));
        scope.set("kwargs", extra);
        String text = body.capture(scope);
        run.leave();
        return text;
    }
}
