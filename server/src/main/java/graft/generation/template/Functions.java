package graft.generation.template;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The functions every template can call. */
final class Functions {
    private static final int MAX_RANGE = 100_000; // jinja2.sandbox.MAX_RANGE
    static final Map<String, Object> GLOBALS = new HashMap<>();

    static {
        global("range", Functions::range);
        global("dict", (_, arguments) -> dict(arguments));
        global("namespace", (_, arguments) -> new Namespace(dict(arguments)));
        global("cycler", (_, arguments) -> new Cycler(arguments.positional()));
        global("joiner", (_, arguments) -> new Joiner(Strings.str(arguments.get(0, "sep", ", "))));
        global("raise_exception", (_, arguments) -> {
            throw new TemplateException(Strings.str(arguments.get(0, "message", "")));
        });
        global("strftime_now", (run, arguments) -> date(ZonedDateTime.now(run.clock),
                Values.text(arguments.need(0, "format"))));
    }

    private Functions() {}

    private static void global(String name, Callable function) {
        GLOBALS.put(name, function);
    }

    /** The only value a template can change. */
    record Namespace(Map<Object, Object> values) implements Attributes {
        @Override
        public Object attribute(String name) {
            return values.containsKey(name) ? values.get(name) : new Undefined("the namespace has no attribute '"
                    + name + "'");
        }
    }

    private static final class Cycler implements Attributes {
        private final List<Object> items;
        private int at;

        Cycler(List<Object> items) {
            if (items.isEmpty()) throw new TemplateException("cycler needs at least one item");
            this.items = items;
        }

        @Override
        public Object attribute(String name) {
            return switch (name) {
                case "current" -> items.get(at);
                case "next" -> (Callable) (_, _) -> {
                    Object current = items.get(at);
                    at = (at + 1) % items.size();
                    return current;
                };
                case "reset" -> (Callable) (_, _) -> {
                    at = 0;
                    return null;
                };
                default -> new Undefined("'cycler' has no attribute '" + name + "'");
            };
        }
    }

    private static final class Joiner implements Callable {
        private final String separator;
        private boolean used;

        Joiner(String separator) {
            this.separator = separator;
        }

        @Override
        public Object call(Run run, Arguments arguments) {
            String text = used ? separator : "";
            used = true;
            return text;
        }
    }

    private static Map<Object, Object> dict(Arguments arguments) {
        Map<Object, Object> map = new LinkedHashMap<>();
        Object from = arguments.get(0, "", Map.of());
        if (from instanceof Map<?, ?> given) map.putAll(given);
        else Values.iterate(from).forEach(pair -> map.put(Values.item(pair, 0L), Values.item(pair, 1L)));
        map.putAll(arguments.named());
        return map;
    }

    private static Object range(Run run, Arguments arguments) {
        boolean one = arguments.positional().size() == 1;
        long start = one ? 0 : Values.whole(arguments.need(0, "start"));
        long stop = Values.whole(arguments.need(one ? 0 : 1, "stop"));
        long step = arguments.has(2, "step") ? Values.whole(arguments.need(2, "step")) : 1;
        if (step == 0) throw new TemplateException("range step is zero");
        List<Object> numbers = new ArrayList<>();
        for (long i = start; step > 0 ? i < stop : i > stop; i += step) {
            if (numbers.size() == MAX_RANGE) throw new TemplateException("a range of more than " + MAX_RANGE);
            numbers.add(i);
        }
        run.room(numbers.size());
        return numbers;
    }

    /** C's strftime; a {@code -} after the percent sign leaves out leading zeros. */
    private static String date(ZonedDateTime now, String format) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            if (format.charAt(i) != '%' || i + 1 == format.length()) {
                out.append(format.charAt(i));
                continue;
            }
            boolean plain = format.charAt(i + 1) == '-' && i + 2 < format.length();
            i += plain ? 2 : 1;
            String pattern = switch (format.charAt(i)) {
                case 'Y' -> "yyyy";
                case 'y' -> "yy";
                case 'm' -> plain ? "M" : "MM";
                case 'd' -> plain ? "d" : "dd";
                case 'e' -> "ppd";
                case 'B' -> "MMMM";
                case 'b', 'h' -> "MMM";
                case 'A' -> "EEEE";
                case 'a' -> "EEE";
                case 'H' -> plain ? "H" : "HH";
                case 'I' -> plain ? "h" : "hh";
                case 'M' -> plain ? "m" : "mm";
                case 'S' -> plain ? "s" : "ss";
                case 'f' -> "SSSSSS";
                case 'p' -> "a";
                case 'j' -> plain ? "D" : "DDD";
                case 'F' -> "yyyy-MM-dd";
                case 'T' -> "HH:mm:ss";
                case 'R' -> "HH:mm";
                case 'D', 'x' -> "MM/dd/yy";
                case 'X' -> "HH:mm:ss";
                case 'c' -> "EEE MMM ppd HH:mm:ss yyyy";
                case 'n' -> "'\n'";
                case 't' -> "'\t'";
                case '%' -> "'%'";
                case 'z', 'Z' -> "''"; // Python's datetime.now() knows no zone and prints nothing
                default -> throw new TemplateException("strftime_now doesn't know %" + format.charAt(i));
            };
            out.append(pattern.equals("''") ? "" : DateTimeFormatter.ofPattern(pattern, Locale.US).format(now));
        }
        return out.toString();
    }
}
