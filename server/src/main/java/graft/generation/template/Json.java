package graft.generation.template;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** The filter {@code tojson} as transformers sets it: {@code json.dumps(x, ensure_ascii=False, ...)}, without HTML. */
final class Json {
    private final String indent;
    private final String comma;
    private final String colon;
    private final boolean ascii;
    private final boolean sorted;
    private final StringBuilder out = new StringBuilder();

    private Json(Arguments arguments) {
        Object width = arguments.get(1, "indent", null);
        this.indent = width == null ? null : width instanceof String text ? text
                : " ".repeat(Math.clamp(Values.integer(width), 0, 64));
        Object separators = arguments.get(2, "separators", null);
        this.comma = separators == null ? indent == null ? ", " : "," : Values.text(Values.item(separators, 0L));
        this.colon = separators == null ? ": " : Values.text(Values.item(separators, 1L));
        this.ascii = arguments.flag(0, "ensure_ascii");
        this.sorted = arguments.flag(3, "sort_keys");
    }

    static String write(Object value, Arguments arguments) {
        Json json = new Json(arguments);
        json.value(value, 1);
        return json.out.toString();
    }

    private void value(Object value, int depth) {
        switch (value) {
            case null -> out.append("null");
            case Boolean truth -> out.append(truth);
            case Long number -> out.append(number);
            case Double number -> out.append(number.isNaN() ? "NaN" : number.isInfinite() ? number > 0 ? "Infinity"
                    : "-Infinity"
                    : Strings.number(number));
            case String text -> text(text);
            case List<?> list -> all('[', list, ']', depth, item -> value(item, depth + 1));
            case Map<?, ?> map -> all('{', entries(map), '}', depth, entry -> {
                text(key(entry.getKey()));
                out.append(colon);
                value(entry.getValue(), depth + 1);
            });
            default -> throw new TemplateException(value instanceof Undefined undefined ? undefined.why()
                    : "an object can't be written as JSON");
        }
    }

    private List<? extends Map.Entry<?, ?>> entries(Map<?, ?> map) {
        List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
        if (sorted) entries.sort(Comparator.comparing(entry -> key(entry.getKey())));
        return entries;
    }

    private <T> void all(char open, List<T> items, char close, int depth, java.util.function.Consumer<T> write) {
        out.append(open);
        for (int i = 0; i < items.size(); i++) {
            if (i > 0) out.append(comma);
            line(depth);
            write.accept(items.get(i));
        }
        if (!items.isEmpty()) line(depth - 1);
        out.append(close);
    }

    private void line(int depth) {
        if (indent != null) out.append('\n').repeat(indent, depth);
    }

    private static String key(Object key) {
        return switch (key) {
            case String text -> text;
            case null -> "null";
            case Boolean truth -> truth.toString();
            default -> Strings.str(key);
        };
    }

    private void text(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int escape = "\"\\\n\r\t\f\b".indexOf(c);
            if (escape >= 0) out.append('\\').append("\"\\nrtfb".charAt(escape));
            else if (c < 0x20 || ascii && c > 0x7e) out.append(String.format("\\u%04x", (int) c));
            else out.append(c);
        }
        out.append('"');
    }
}
