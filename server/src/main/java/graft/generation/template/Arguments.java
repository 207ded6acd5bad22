package graft.generation.template;

import java.util.List;
import java.util.Map;

/** Arguments of a call, by position and by name. */
record Arguments(List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    boolean has(int index, String name) {
        return index < positional.size() || named.containsKey(name);
    }

    Object get(int index, String name, Object byDefault) {
        if (index < positional.size()) return positional.get(index);
        return named.containsKey(name) ? named.get(name) : byDefault;
    }

    Object need(int index, String name) {
        if (!has(index, name)) throw new TemplateException("missing argument '" + name + "'");
        return get(index, name, null);
    }

    int integer(int index, String name, int byDefault) {
        Object value = get(index, name, (long) byDefault);
        return value == null ? byDefault : Values.integer(value);
    }

    boolean flag(int index, String name) {
        return Values.truth(get(index, name, false));
    }

    Arguments from(int index) {
        return new Arguments(positional.subList(Math.min(index, positional.size()), positional.size()), named);
    }
}
