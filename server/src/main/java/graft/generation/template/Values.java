package graft.generation.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Python's values as Java's: None is null, int is Long, float is Double, str, bool, list ({@link List}), dict
 * ({@link Map} in insertion order). Everything is read only.
 */
final class Values {
    private Values() {}

    /** Brings what a caller passes into the types above. */
    static Object of(Object value) {
        return switch (value) {
            case Integer n -> n.longValue();
            case Short n -> n.longValue();
            case Float n -> n.doubleValue();
            case java.math.BigDecimal n -> n.doubleValue();
            case java.math.BigInteger n -> n.bitLength() < 64 ? (Object) n.longValue() : n.doubleValue();
            case Map<?, ?> map -> {
                Map<Object, Object> copy = new LinkedHashMap<>();
                map.forEach((key, item) -> copy.put(of(key), of(item)));
                yield copy;
            }
            case List<?> list -> {
                List<Object> copy = new ArrayList<>(list.size());
                list.forEach(item -> copy.add(of(item)));
                yield copy;
            }
            case null, default -> value;
        };
    }

    static boolean truth(Object value) {
        return switch (value) {
            case null -> false;
            case Boolean truth -> truth;
            case Undefined _ -> false;
            case Long number -> number != 0;
            case Double number -> number != 0;
            case String text -> !text.isEmpty();
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            default -> true;
        };
    }

    static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }

    static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Boolean;
    }

    static long whole(Object value) {
        return switch (value) {
            case Long number -> number;
            case Boolean truth -> truth ? 1 : 0;
            case Undefined undefined -> throw undefined.failure();
            case null, default -> throw new TemplateException(type(value) + " where a whole number is needed");
        };
    }

    static int integer(Object value) {
        return (int) Math.clamp(whole(value), Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    static double real(Object value) {
        return value instanceof Double number ? number : whole(value);
    }

    static String text(Object value) {
        if (value instanceof String text) return text;
        if (value instanceof Undefined undefined) throw undefined.failure();
        throw new TemplateException(type(value) + " where a text is needed");
    }

    static String type(Object value) {
        return switch (value) {
            case null -> "None";
            case Boolean _ -> "bool";
            case Long _ -> "int";
            case Double _ -> "float";
            case String _ -> "str";
            case Tuple _ -> "tuple";
            case List<?> _ -> "list";
            case Map<?, ?> _ -> "dict";
            default -> "object";
        };
    }

    static boolean equal(Object a, Object b) {
        if (isNumber(a) && isNumber(b)) return isInteger(a) && isInteger(b) ? whole(a) == whole(b) : real(a) == real(b);
        if (a instanceof Undefined && b instanceof Undefined) return true;
        if (a instanceof List<?> left && b instanceof List<?> right) {
            if (left.size() != right.size() || left instanceof Tuple != right instanceof Tuple) return false;
            for (int i = 0; i < left.size(); i++) if (!equal(left.get(i), right.get(i))) return false;
            return true;
        }
        if (a instanceof Map<?, ?> left && b instanceof Map<?, ?> right) {
            return left.size() == right.size() && left.entrySet().stream().allMatch(entry ->
                    right.containsKey(entry.getKey()) && equal(entry.getValue(), right.get(entry.getKey())));
        }
        return Objects.equals(a, b);
    }

    static int compare(Object a, Object b) {
        if (isNumber(a) && isNumber(b)) return isInteger(a) && isInteger(b) ? Long.compare(whole(a), whole(b))
                : Double.compare(real(a), real(b));
        if (a instanceof String left && b instanceof String right) return compareText(left, right);
        if (a instanceof List<?> left && b instanceof List<?> right) {
            for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
                if (!equal(left.get(i), right.get(i))) return compare(left.get(i), right.get(i));
            }
            return Integer.compare(left.size(), right.size());
        }
        if (a instanceof Undefined undefined) throw undefined.failure();
        if (b instanceof Undefined undefined) throw undefined.failure();
        throw new TemplateException(type(a) + " and " + type(b) + " can't be compared");
    }

    /** By code point: String.compareTo goes by UTF-16 unit, which puts astral characters before U+E000. */
    private static int compareText(String a, String b) {
        int[] left = a.codePoints().toArray();
        int[] right = b.codePoints().toArray();
        return java.util.Arrays.compare(left, right);
    }

    static boolean contains(Object container, Object item) {
        return switch (container) {
            case String text -> text.contains(text(item));
            case Map<?, ?> map -> map.containsKey(item);
            case null, default -> iterate(container).stream().anyMatch(each -> equal(each, item));
        };
    }

    static List<?> iterate(Object value) {
        return switch (value) {
            case List<?> list -> list;
            case Map<?, ?> map -> new ArrayList<>(map.keySet());
            case String text -> Strings.characters(text);
            case Undefined _ -> List.of();
            case null, default -> throw new TemplateException(type(value) + " can't be iterated");
        };
    }

    static long length(Object value) {
        return switch (value) {
            case String text -> Strings.length(text);
            case Undefined _ -> 0;
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case null, default -> throw new TemplateException(type(value) + " has no length");
        };
    }

    /** {@code value.name}: attributes and methods first, then items. */
    static Object attribute(Object value, String name) {
        if (value instanceof Undefined undefined) throw undefined.failure();
        Object method = Methods.find(value, name);
        if (method != null) return method;
        if (value instanceof Attributes object) return object.attribute(name);
        if (value instanceof Map<?, ?> map && map.containsKey(name)) return map.get(name);
        return absent(value, name);
    }

    /** {@code value[key]}: items first, then attributes. */
    static Object item(Object value, Object key) {
        if (value instanceof Undefined undefined) throw undefined.failure();
        if (value instanceof Map<?, ?> map && map.containsKey(key)) return map.get(key);
        if (value instanceof List<?> list && isInteger(key)) {
            long index = whole(key) < 0 ? whole(key) + list.size() : whole(key);
            return index >= 0 && index < list.size() ? list.get((int) index) : absent(value, Strings.repr(key));
        }
        if (value instanceof String text && isInteger(key)) {
            long length = Strings.length(text);
            long index = whole(key) < 0 ? whole(key) + length : whole(key);
            if (index < 0 || index >= length) return absent(value, Strings.repr(key));
            return Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) index)));
        }
        if (!(key instanceof String name)) return absent(value, Strings.repr(key));
        Object method = Methods.find(value, name);
        if (method != null) return method;
        return value instanceof Attributes object ? object.attribute(name) : absent(value, name);
    }

    private static Undefined absent(Object value, String name) {
        return new Undefined("'" + type(value) + " object' has no attribute '" + name + "'");
    }

    /** {@code value[start:stop:step]} of a text or list; null stands for what was left out. */
    static Object slice(Object value, Object start, Object stop, Object step) {
        if (value instanceof Undefined undefined) throw undefined.failure();
        if (!(value instanceof String) && !(value instanceof List<?>))
            throw new TemplateException(type(value) + " can't be sliced");
        List<?> items = iterate(value);
        long by = step == null ? 1 : whole(step);
        if (by == 0) throw new TemplateException("slice step is zero");
        int size = items.size();
        long from = start == null ? (by > 0 ? 0 : size - 1) : bound(whole(start), size, by > 0 ? 0 : -1, by > 0 ? size
                : size - 1);
        long to = stop == null ? (by > 0 ? size : -1) : bound(whole(stop), size, by > 0 ? 0 : -1, by > 0 ? size
                : size - 1);
        List<Object> part = new ArrayList<>();
        for (long i = from; by > 0 ? i < to : i > to; i += by) part.add(items.get((int) i));
        if (value instanceof List<?>) return value instanceof Tuple ? new Tuple(part) : part;
        StringBuilder text = new StringBuilder();
        part.forEach(text::append);
        return text.toString();
    }

    private static long bound(long index, int size, long least, long most) {
        return Math.clamp(index < 0 ? index + size : index, least, most);
    }
}
