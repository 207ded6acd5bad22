package graft.generation.grammar;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** Values of a schema as the one JSON text that an answer spells them by. Any thread. */
public final class Literals {
    private Literals() {}

    /** @param value of maps, lists, texts, numbers, booleans and null */
    public static String json(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    private static void write(Object value, StringBuilder out) {
        switch (value) {
            case null -> out.append("null");
            case String text -> string(text, out);
            case Boolean truth -> out.append(truth);
            case Number number -> out.append(number(number));
            case List<?> list -> {
                String comma = "[";
                for (Object item : list) {
                    out.append(comma);
                    write(item, out);
                    comma = ",";
                }
                out.append(list.isEmpty() ? "[]" : "]");
            }
            case Map<?, ?> map -> {
                String comma = "{";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(comma);
                    string((String) entry.getKey(), out);
                    out.append(':');
                    write(entry.getValue(), out);
                    comma = ",";
                }
                out.append(map.isEmpty() ? "{}" : "}");
            }
            default -> throw new IllegalArgumentException("not a JSON value: " + value.getClass());
        }
    }

    /** @throws InvalidSchemaException of a number that JSON lacks */
    static BigDecimal number(Number number) {
        try {
            return new BigDecimal(number.toString());
        } catch (NumberFormatException e) {
            throw new InvalidSchemaException("The schema holds a number that is not finite.");
        }
    }

    private static void string(String text, StringBuilder out) {
        out.append('"');
        text.codePoints().forEach(point -> {
            if (point < 0x20) out.append(escape(point));
            else if (point == '"' || point == '\\') out.append('\\').append((char) point);
            else if (point >= 0xd800 && point < 0xe000) out.append(String.format("\\u%04x", point));
            else out.appendCodePoint(point);
        });
        out.append('"');
    }

    /** Of a control character. */
    static String escape(int point) {
        return switch (point) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\b' -> "\\b";
            case '\f' -> "\\f";
            default -> String.format("\\u%04x", point);
        };
    }
}
