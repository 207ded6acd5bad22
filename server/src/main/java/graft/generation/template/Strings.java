package graft.generation.template;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/** Python's strings: written forms, white space, splitting; positions are code points. */
final class Strings {
    private Strings() {}

    /** {@code str(value)}. */
    static String str(Object value) {
        return switch (value) {
            case null -> "None";
            case String text -> text;
            case Undefined _ -> "";
            default -> repr(value);
        };
    }

    /** {@code repr(value)}. */
    static String repr(Object value) {
        return switch (value) {
            case null -> "None";
            case Boolean truth -> truth ? "True" : "False";
            case Double number -> number(number);
            case String text -> quoted(text);
            case Tuple tuple -> {
                StringJoiner all = new StringJoiner(", ", "(", tuple.size() == 1 ? ",)" : ")");
                tuple.forEach(item -> all.add(repr(item)));
                yield all.toString();
            }
            case List<?> list -> {
                StringJoiner all = new StringJoiner(", ", "[", "]");
                list.forEach(item -> all.add(repr(item)));
                yield all.toString();
            }
            case Map<?, ?> map -> {
                StringJoiner all = new StringJoiner(", ", "{", "}");
                map.forEach((key, item) -> all.add(repr(key) + ": " + repr(item)));
                yield all.toString();
            }
            case Undefined _ -> "Undefined";
            case Attributes _ -> "<object>";
            case Callable _ -> "<function>";
            default -> value.toString();
        };
    }

    /** Shortest digits that read back, with Python's borders for the exponent. */
    static String number(double value) {
        if (Double.isNaN(value)) return "nan";
        if (Double.isInfinite(value)) return value > 0 ? "inf" : "-inf";
        BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        if (value == 0) return 1 / value < 0 ? "-0.0" : "0.0";
        if (exponent >= -4 && exponent < 16) return digits.scale() <= 0 ? digits.toPlainString() + ".0"
                : digits.toPlainString();
        String unscaled = digits.unscaledValue().abs().toString();
        String mantissa = unscaled.length() == 1 ? unscaled : unscaled.charAt(0) + "." + unscaled.substring(1);
        return (value < 0 ? "-" : "") + mantissa + "e" + (exponent < 0 ? "-" : "+")
                + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    private static String quoted(String text) {
        char quote = text.contains("'") && !text.contains("\"") ? '"' : '\'';
        StringBuilder out = new StringBuilder().append(quote);
        text.codePoints().forEach(c -> {
            if (c == quote || c == '\\') out.append('\\').appendCodePoint(c);
            else if (c == '\n') out.append("\\n");
            else if (c == '\r') out.append("\\r");
            else if (c == '\t') out.append("\\t");
            else if (c < 0x20 || c >= 0x7f && c < 0xa1 || c == 0xad) out.append(String.format("\\x%02x", c));
            else out.appendCodePoint(c);
        });
        return out.append(quote).toString();
    }

    /** The escapes of a string literal. */
    static String unescape(String literal) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < literal.length(); i++) {
            char c = literal.charAt(i);
            if (c != '\\' || i + 1 == literal.length()) {
                out.append(c);
                continue;
            }
            char kind = literal.charAt(++i);
            int simple = "\\'\"abfnrtv\n".indexOf(kind);
            int hex = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
            if (simple == 10) continue;
            if (simple >= 0) out.append("\\'\"\u0007\b\f\n\r\t\u000b".charAt(simple));
            else if (hex > 0) {
                if (!literal.substring(i + 1).matches("(?s)[0-9a-fA-F]{" + hex + "}.*"))
                    throw new TemplateException("a broken escape in a string");
                out.appendCodePoint(Integer.parseInt(literal.substring(i + 1, i + 1 + hex), 16));
                i += hex;
            } else if (kind >= '0' && kind <= '7') {
                int end = i;
                while (end < literal.length() && end < i + 3 && literal.charAt(end) >= '0'
                        && literal.charAt(end) <= '7') end++;
                out.append((char) Integer.parseInt(literal.substring(i, end), 8));
                i = end - 1;
            } else out.append('\\').append(kind);
        }
        return out.toString();
    }

    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    /** @param characters to take away; null means white space */
    static String strip(String text, String characters, boolean left, boolean right) {
        int from = 0;
        int to = text.length();
        while (left && from < to && strips(text.codePointAt(from), characters)) from += Character.charCount(
                text.codePointAt(from));
        while (right && from < to && strips(text.codePointBefore(to), characters)) to -= Character.charCount(
                text.codePointBefore(to));
        return text.substring(from, to);
    }

    private static boolean strips(int c, String characters) {
        return characters == null ? isSpace(c) : characters.indexOf(c) >= 0;
    }

    /** @param most splits to make; negative means all */
    static List<Object> split(String text, String separator, int most) {
        List<Object> parts = new ArrayList<>();
        if (separator != null && separator.isEmpty()) throw new TemplateException("empty separator");
        int from = separator == null ? text.length() - strip(text, null, true, false).length() : 0;
        while (most < 0 || parts.size() < most) {
            int end = separator == null ? space(text, from) : text.indexOf(separator, from);
            if (end < 0 || separator == null && end == text.length()) break;
            parts.add(text.substring(from, end));
            from = end + (separator == null ? 0 : separator.length());
            if (separator == null) from = text.length() - strip(text.substring(from), null, true, false).length();
        }
        if (separator != null || from < text.length()) parts.add(text.substring(from));
        return parts;
    }

    private static int space(String text, int from) {
        int at = from;
        while (at < text.length() && !isSpace(text.codePointAt(at))) at += Character.charCount(text.codePointAt(at));
        return at;
    }

    static List<Object> splitFromRight(String text, String separator, int most) {
        if (most < 0) return split(text, separator, most);
        String turnedSeparator = separator == null ? null : reverse(separator);
        List<Object> parts = new ArrayList<>();
        for (Object part : split(reverse(text), turnedSeparator, most)) parts.addFirst(reverse((String) part));
        return parts;
    }

    static List<Object> lines(String text, boolean keepEnds) {
        List<Object> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ("\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029".indexOf(c) < 0) continue;
            int end = c == '\r' && text.startsWith("\n", i + 1) ? i + 2 : i + 1;
            lines.add(text.substring(from, keepEnds ? end : i));
            from = end;
            i = end - 1;
        }
        if (from < text.length()) lines.add(text.substring(from));
        return lines;
    }

    static String reverse(String text) {
        return new StringBuilder(text).reverse().toString();
    }

    /** First letter upper, the rest lower. */
    static String capitalize(String text) {
        if (text.isEmpty()) return text;
        int first = text.offsetByCodePoints(0, 1);
        return text.substring(0, first).toUpperCase(java.util.Locale.ROOT) + text.substring(first)
                .toLowerCase(java.util.Locale.ROOT);
    }

    static List<Object> characters(String text) {
        return text.codePoints().<Object>mapToObj(Character::toString).toList();
    }

    static int length(String text) {
        return text.codePointCount(0, text.length());
    }
}
