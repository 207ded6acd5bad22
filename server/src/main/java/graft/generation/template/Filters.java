package graft.generation.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** The filters behind {@code |} (jinja2/filters.py); those that pick or change items are in {@link ItemFilters}. */
final class Filters {
    private static final Pattern WORD_START = Pattern.compile("(?<=[-\\s({\\[<])(?=[^-\\s({\\[<])",
            Pattern.UNICODE_CHARACTER_CLASS);
    private static final Map<String, Filter> BY_NAME = new HashMap<>();

    @FunctionalInterface
    interface Filter {
        Object apply(Run run, Object value, Arguments given);
    }

    static {
        put("default", (_, value, given) -> value instanceof Undefined || given.flag(1, "boolean")
                && !Values.truth(value)
                ? given.get(0, "default_value", "") : value);
        put("d", BY_NAME.get("default"));
        put("length", (_, value, _) -> Values.length(value));
        put("count", BY_NAME.get("length"));
        put("string", (_, value, _) -> Strings.str(value));
        put("safe", (_, value, _) -> value);
        put("pprint", (_, value, _) -> Strings.repr(value));
        put("tojson", (run, value, given) -> run.made(Json.write(value, given)));
        put("items", (_, value, _) -> items(value));
        put("abs", (_, value, _) -> value instanceof Double number ? (Object) Math.abs(number)
                : (Object) Math.abs(Values.whole(value)));
        put("int", (_, value, given) -> toInteger(value, given));
        put("float", (_, value, given) -> toReal(value, given.get(0, "default", 0.0)));
        put("round", (_, value, given) -> round(value, given.integer(0, "precision", 0),
                Strings.str(given.get(1, "method", "common"))));
        put("attr", (_, value, given) -> value instanceof Map<?, ?>
                && Methods.find(value, Values.text(given.need(0, "name"))) == null
                ? new Undefined("no attribute '" + given.need(0, "name") + "'")
                        : Values.attribute(value, Values.text(given.need(0, "name"))));
        texts();
        ItemFilters.register(Filters::put);
    }

    private Filters() {}

    private static void put(String name, Filter filter) {
        BY_NAME.put(name, filter);
    }

    static boolean exists(String name) {
        return BY_NAME.containsKey(name);
    }

    static Object apply(Run run, String name, Object value, Arguments given) {
        run.step(1);
        Filter filter = BY_NAME.get(name);
        if (filter == null) throw new TemplateException("no filter named '" + name + "'");
        Object result = filter.apply(run, value, given);
        return result instanceof String text ? run.made(text) : result;
    }

    private static void texts() {
        put("trim", (_, value, given) -> Strings.strip(Strings.str(value),
                given.get(0, "chars", null) instanceof String chars ? chars : null, true, true));
        put("upper", (_, value, _) -> Strings.str(value).toUpperCase(Locale.ROOT));
        put("lower", (_, value, _) -> Strings.str(value).toLowerCase(Locale.ROOT));
        put("capitalize", (_, value, _) -> Strings.capitalize(Strings.str(value)));
        put("title", (_, value, _) -> title(Strings.str(value)));
        put("replace", (run, value, given) -> Methods.replace(run, Strings.str(value),
                Strings.str(given.need(0, "old")),
                Strings.str(given.need(1, "new")), given.integer(2, "count", -1)));
        put("indent", (run, value, given) -> indent(run, Strings.str(value), given));
        put("center", (run, value, given) -> Methods.find(Strings.str(value), "center").call(run,
                new Arguments(List.of(given.get(0, "width", 80L)), Map.of())));
        put("format", (_, value, given) -> Formatting.percent(Strings.str(value), given.named().isEmpty()
                ? new Tuple(given.positional()) : given.named()));
        put("escape", (_, value, _) -> Strings.str(value).replace("&", "&amp;").replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("'", "&#39;").replace("\"", "&#34;"));
        put("e", BY_NAME.get("escape"));
        put("forceescape", BY_NAME.get("escape"));
        put("urlencode", (_, value, _) -> URLEncoder.encode(Strings.str(value), StandardCharsets.UTF_8)
                .replace("+", "%20").replace("%2F", "/").replace("*", "%2A").replace("%7E", "~"));
        put("wordcount", (_, value, _) -> Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS)
                .matcher(Strings.str(value)).results().count());
        put("truncate", (_, value, given) -> truncate(Strings.str(value), given));
        put("striptags", (_, value, _) -> Strings.str(value).replaceAll("(?s)<!--.*?-->|<[^>]*>", "")
                .replaceAll("\\s+", " ").strip());
    }

    private static Object items(Object value) {
        if (value instanceof Undefined) return List.of();
        if (value instanceof Map<?, ?> map) return Methods.items(map);
        throw new TemplateException("items needs a dict, not " + Values.type(value));
    }

    private static Object toInteger(Object value, Arguments given) {
        if (value instanceof Double number && Double.isFinite(number)) return number.longValue();
        if (Values.isInteger(value)) return Values.whole(value);
        String text = value instanceof String string ? Strings.strip(string, null, true, true).replace("_", "") : "";
        int base = given.integer(1, "base", 10);
        try {
            return Long.parseLong(base == 10 ? text : text.replaceFirst("^0[xXoObB]", ""), base);
        } catch (NumberFormatException _) {
            Object real = toReal(text, null);
            return real instanceof Double number && Double.isFinite(number) ? (Object) number.longValue()
                    : given.get(0, "default", 0L);
        }
    }

    private static Object toReal(Object value, Object byDefault) {
        if (Values.isNumber(value)) return Values.real(value);
        String text = value instanceof String string ? Strings.strip(string, null, true, true).replace("_", "") : "";
        // Java reads "1d" and "0x1p3" as numbers; Python doesn't.
        return text.matches("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?") ? (Object) Double.valueOf(text) : byDefault;
    }

    private static Object round(Object value, int precision, String method) {
        if (Values.isInteger(value) && method.equals("common") && precision >= 0) return Values.whole(value);
        double number = Values.real(value);
        RoundingMode mode = switch (method) {
            case "common" -> RoundingMode.HALF_EVEN;
            case "ceil" -> RoundingMode.CEILING;
            case "floor" -> RoundingMode.FLOOR;
            default -> throw new TemplateException("method must be common, ceil or floor");
        };
        return new BigDecimal(number).setScale(Math.clamp(precision, -400, 400), mode).doubleValue();
    }

    private static String title(String text) {
        StringBuilder out = new StringBuilder();
        for (String word : WORD_START.split(text)) out.append(Strings.capitalize(word));
        return out.toString();
    }

    private static String indent(Run run, String text, Arguments given) {
        Object width = given.get(0, "width", 4L);
        String by = width instanceof String string ? string : " ".repeat(Math.clamp(Values.integer(width), 0, 1000));
        List<Object> lines = Strings.lines(text + "\n", false);
        run.room(text.length() + (long) lines.size() * by.length());
        StringBuilder out = new StringBuilder(given.flag(1, "first") ? by : "");
        for (int i = 0; i < lines.size(); i++) {
            String line = (String) lines.get(i);
            if (i > 0) out.append('\n').append(line.isEmpty() && !given.flag(2, "blank") ? "" : by);
            out.append(line);
        }
        return out.toString();
    }

    private static String truncate(String text, Arguments given) {
        int length = given.integer(0, "length", 255);
        String end = Strings.str(given.get(2, "end", "..."));
        if (Strings.length(text) <= length + given.integer(3, "leeway", 5)) return text;
        String cut = (String) Values.slice(text, 0L, (long) Math.max(0, length - Strings.length(end)), null);
        int space = cut.lastIndexOf(' ');
        return (given.flag(1, "killwords") || space < 0 ? cut : cut.substring(0, space)) + end;
    }

    /** Texts in lower case, everything else unchanged: how Jinja compares by default. */
    static Object folded(Object value) {
        return value instanceof String text ? text.toLowerCase(Locale.ROOT) : value;
    }

    static List<Object> copy(Object value) {
        return new ArrayList<>(Values.iterate(value));
    }
}
