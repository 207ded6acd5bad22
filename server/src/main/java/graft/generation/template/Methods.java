package graft.generation.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;

/** Methods of texts, lists and dicts, bound to their object. Those that would change it are refused. */
final class Methods {
    private Methods() {}

    /** @return null if the value's type has no such method */
    static Callable find(Object value, String name) {
        return switch (value) {
            case String text -> ofText(text, name);
            case List<?> list -> ofList(list, name);
            case Map<?, ?> map -> ofMap(map, name);
            case null, default -> null;
        };
    }

    private static Callable refusal(String name) {
        return (_, _) -> {
            throw new TemplateException("'" + name + "' is not safe to call: values can't be changed");
        };
    }

    private static Callable ofMap(Map<?, ?> map, String name) {
        return switch (name) {
            case "get" -> (_, given) -> map.containsKey(given.need(0, "key")) ? map.get(given.need(0, "key"))
                    : given.get(1, "default", null);
            case "items" -> (_, _) -> items(map);
            case "keys" -> (_, _) -> new ArrayList<Object>(map.keySet());
            case "values" -> (_, _) -> new ArrayList<Object>(map.values());
            case "copy" -> (_, _) -> map;
            case "clear", "pop", "popitem", "setdefault", "update" -> refusal(name);
            default -> null;
        };
    }

    static List<Object> items(Map<?, ?> map) {
        List<Object> items = new ArrayList<>(map.size());
        map.forEach((key, value) -> items.add(new Tuple(java.util.Arrays.asList(key, value))));
        return items;
    }

    private static Callable ofList(List<?> list, String name) {
        return switch (name) {
            case "index" -> (_, given) -> {
                for (int i = 0; i < list.size(); i++) if (Values.equal(list.get(i), given.need(0, "value")))
                    return (long) i;
                throw new TemplateException("the value is not in the list");
            };
            case "count" -> (_, given) -> list.stream().filter(item -> Values.equal(item, given.need(0, "value")))
                    .count();
            case "copy" -> (_, _) -> list;
            case "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort" -> refusal(name);
            default -> null;
        };
    }

    private static Callable ofText(String text, String name) {
        return switch (name) {
            case "strip", "lstrip", "rstrip" -> (_, given) -> Strings.strip(text, optional(given, 0, "chars"),
                    !name.equals("rstrip"), !name.equals("lstrip"));
            case "split" -> (run, given) -> counted(run, Strings.split(text, optional(given, 0, "sep"),
                    given.integer(1, "maxsplit", -1)));
            case "rsplit" -> (run, given) -> counted(run, Strings.splitFromRight(text, optional(given, 0, "sep"),
                    given.integer(1, "maxsplit", -1)));
            case "splitlines" -> (run, given) -> counted(run, Strings.lines(text, given.flag(0, "keepends")));
            case "partition", "rpartition" -> (_, given) -> partition(text, Values.text(given.need(0, "sep")),
                    name.equals("rpartition"));
            case "startswith" -> (_, given) -> any(given, prefix -> part(text, given).startsWith(prefix));
            case "endswith" -> (_, given) -> any(given, suffix -> part(text, given).endsWith(suffix));
            case "find", "rfind", "index", "rindex" -> (_, given) -> position(text, name, given);
            case "count" -> (_, given) -> (long) occurrences(part(text, given), Values.text(given.need(0, "sub")));
            case "replace" -> (run, given) -> replace(run, text, Values.text(given.need(0, "old")),
                    Values.text(given.need(1, "new")), given.integer(2, "count", -1));
            case "join" -> (run, given) -> join(run, text, Values.iterate(given.need(0, "iterable")).stream()
                    .map(Values::text).toList());
            case "upper" -> (_, _) -> text.toUpperCase(Locale.ROOT);
            case "lower" -> (_, _) -> text.toLowerCase(Locale.ROOT);
            case "casefold" -> (_, _) -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
            case "title" -> (_, _) -> title(text);
            case "capitalize" -> (_, _) -> Strings.capitalize(text);
            case "swapcase" -> (_, _) -> swapCase(text);
            case "removeprefix" -> (_, given) -> text.startsWith(Values.text(given.need(0, "prefix")))
                    ? text.substring(Values.text(given.need(0, "prefix")).length()) : text;
            case "removesuffix" -> (_, given) -> text.endsWith(Values.text(given.need(0, "suffix")))
                    ? text.substring(0, text.length() - Values.text(given.need(0, "suffix")).length()) : text;
            case "ljust", "rjust", "center" -> (run, given) -> pad(run, text, name, given);
            case "zfill" -> (run, given) -> pad(run, text, name, new Arguments(List.of(given.need(0, "width"), "0"),
                    Map.of()));
            case "format" -> (_, given) -> Formatting.braces(text, given);
            case "isspace" -> (_, _) -> all(text, Strings::isSpace);
            case "isalpha" -> (_, _) -> all(text, Character::isLetter);
            case "isalnum" -> (_, _) -> all(text, Character::isLetterOrDigit);
            case "isdigit", "isdecimal", "isnumeric" -> (_, _) -> all(text, Character::isDigit);
            case "isascii" -> (_, _) -> text.codePoints().allMatch(c -> c < 128);
            case "islower" -> (_, _) -> isCased(text, false);
            case "isupper" -> (_, _) -> isCased(text, true);
            default -> null;
        };
    }

    private static String optional(Arguments given, int index, String name) {
        Object value = given.get(index, name, null);
        return value == null ? null : Values.text(value);
    }

    private static List<Object> counted(Run run, List<Object> parts) {
        run.room(parts.size());
        return parts;
    }

    private static boolean any(Arguments given, java.util.function.Predicate<String> matches) {
        Object wanted = given.need(0, "prefix");
        return wanted instanceof List<?> several ? several.stream().anyMatch(each -> matches.test(Values.text(each)))
                : matches.test(Values.text(wanted));
    }

    /** The slice that the optional second and third argument name. */
    private static String part(String text, Arguments given) {
        return given.positional().size() < 2 ? text : (String) Values.slice(text, given.get(1, "start", null),
                given.get(2, "end", null), null);
    }

    private static Object partition(String text, String separator, boolean last) {
        int at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
        if (at < 0) return new Tuple(last ? List.of("", "", text) : List.of(text, "", ""));
        return new Tuple(List.of(text.substring(0, at), separator, text.substring(at + separator.length())));
    }

    private static Object position(String text, String name, Arguments given) {
        String wanted = Values.text(given.need(0, "sub"));
        int from = given.has(1, "start") ? text.length() - ((String) Values.slice(text, given.get(1, "start", null),
                null, null)).length() : 0;
        int at = name.startsWith("r") ? text.lastIndexOf(wanted) : text.indexOf(wanted, from);
        if (at < from) at = -1;
        if (at < 0 && name.endsWith("index")) throw new TemplateException("substring not found");
        return at < 0 ? -1L : (long) text.codePointCount(0, at);
    }

    private static int occurrences(String text, String wanted) {
        if (wanted.isEmpty()) return Strings.length(text) + 1;
        int count = 0;
        for (int at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length())) count++;
        return count;
    }

    static String replace(Run run, String text, String old, String with, int most) {
        int count = most < 0 ? occurrences(text, old) : Math.min(most, occurrences(text, old));
        run.room(text.length() + (long) count * Math.max(0, with.length() - old.length()));
        StringBuilder out = new StringBuilder();
        int from = 0;
        for (int done = 0; done < count; done++) {
            int at = text.indexOf(old, old.isEmpty() && done > 0 ? text.offsetByCodePoints(from, 1) : from);
            out.append(text, from, at).append(with);
            from = at + old.length();
        }
        return out.append(text, from, text.length()).toString();
    }

    static String join(Run run, String separator, List<?> items) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < items.size(); i++) {
            String item = Strings.str(items.get(i));
            run.room((long) out.length() + item.length() + separator.length());
            out.append(i > 0 ? separator : "").append(item);
        }
        return out.toString();
    }

    private static String pad(Run run, String text, String name, Arguments given) {
        int width = Values.integer(given.need(0, "width"));
        run.room(width);
        String fill = Values.text(given.get(1, "fillchar", " "));
        return switch (name) {
            case "ljust" -> Formatting.pad(text, width, '<', fill);
            case "rjust" -> Formatting.pad(text, width, '>', fill);
            case "zfill" -> Formatting.pad(text, width, '=', fill);
            default -> centered(text, width, fill);
        };
    }

    /** CPython puts the odd space on the left only where the width is odd too. */
    private static String centered(String text, int width, String fill) {
        int missing = Math.max(0, width - Strings.length(text));
        int left = missing / 2 + (missing & width & 1);
        return fill.repeat(left) + text + fill.repeat(missing - left);
    }

    private static String title(String text) {
        StringBuilder out = new StringBuilder();
        int[] before = {' '};
        text.codePoints().forEach(c -> {
            out.appendCodePoint(Character.isLetter(before[0]) ? Character.toLowerCase(c) : Character.toTitleCase(c));
            before[0] = c;
        });
        return out.toString();
    }

    private static String swapCase(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> out.appendCodePoint(Character.isUpperCase(c) ? Character.toLowerCase(c)
                : Character.toUpperCase(c)));
        return out.toString();
    }

    private static boolean all(String text, IntPredicate holds) {
        return !text.isEmpty() && text.codePoints().allMatch(holds);
    }

    static boolean isCased(String text, boolean upper) {
        return text.codePoints().noneMatch(upper ? Character::isLowerCase : Character::isUpperCase)
                && text.codePoints().anyMatch(upper ? Character::isUpperCase : Character::isLowerCase);
    }
}
