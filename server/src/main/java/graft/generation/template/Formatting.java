package graft.generation.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's two ways of formatting a text: {@code '%s' % x} and {@code '{}'.format(x)}. */
final class Formatting {
    private static final Pattern PERCENT =
            Pattern.compile("%(?:\\((\\w+)\\))?([-+ 0#]*)(\\d{0,4})(?:\\.(\\d{1,3}))?([a-zA-Z%])");
    private static final Pattern BRACES =
            Pattern.compile("\\{\\{|\\}\\}|\\{(\\w*)((?:\\.\\w+|\\[\\w+\\])*)(?:!([rs]))?(?::([^{}]*))?\\}");
    private static final Pattern SPECIFICATION =
            Pattern.compile("(?:(.)?([<>^=]))?([-+ ]?)(0?)(\\d{0,4})(,?)(?:\\.(\\d{1,3}))?([sdfgexX%]?)");

    private Formatting() {}

    static String percent(String format, Object given) {
        List<?> values = given instanceof Tuple tuple ? tuple : java.util.Collections.singletonList(given);
        int[] used = {0};
        Matcher matcher = PERCENT.matcher(format);
        StringBuilder out = new StringBuilder();
        while (matcher.find()) {
            if (matcher.group(5).equals("%")) {
                matcher.appendReplacement(out, "%");
                continue;
            }
            Object value;
            if (matcher.group(1) != null) value = Values.item(given, matcher.group(1));
            else if (used[0] < values.size()) value = values.get(used[0]++);
            else throw new TemplateException("not enough arguments for a format");
            matcher.appendReplacement(out, Matcher.quoteReplacement(one(matcher, value)));
        }
        if (used[0] < values.size()
                && (given instanceof Tuple || !(given instanceof Map<?, ?> || given instanceof List<?>)))
            throw new TemplateException("too many arguments for a format");
        return matcher.appendTail(out).toString();
    }

    private static String one(Matcher spec, Object value) {
        String flags = spec.group(2);
        Integer precision = spec.group(4) == null ? null : Integer.valueOf(spec.group(4));
        String text = switch (spec.group(5)) {
            case "s" -> cut(Strings.str(value), precision);
            case "r" -> cut(Strings.repr(value), precision);
            case "d", "i", "u" -> Long.toString(value instanceof Double number ? number.longValue()
                    : Values.whole(value));
            case "f", "F" -> fixed(Values.real(value), precision == null ? 6 : precision);
            case "g", "G" -> Strings.number(Values.real(value)).replaceAll("\\.0$", "");
            case "e", "E" -> String.format(Locale.ROOT, "%." + (precision == null ? 6 : precision) + "e",
                    Values.real(value));
            case "x" -> Long.toHexString(Values.whole(value));
            case "X" -> Long.toHexString(Values.whole(value)).toUpperCase(Locale.ROOT);
            case "o" -> Long.toOctalString(Values.whole(value));
            case "c" -> value instanceof String letter ? letter : Character.toString(Values.integer(value));
            default -> throw new TemplateException("unsupported format %" + spec.group(5));
        };
        if (Values.isNumber(value) && flags.contains("+") && !text.startsWith("-")) text = "+" + text;
        int width = spec.group(3).isEmpty() ? 0 : Integer.parseInt(spec.group(3));
        char fill = flags.contains("0") && Values.isNumber(value) && !flags.contains("-") ? '0' : ' ';
        return pad(text, width, flags.contains("-") ? '<' : fill == '0' ? '=' : '>', Character.toString(fill));
    }

    private static String cut(String text, Integer precision) {
        return precision == null || Strings.length(text) <= precision ? text
                : text.substring(0, text.offsetByCodePoints(0, precision));
    }

    static String fixed(double value, int digits) {
        if (Double.isNaN(value) || Double.isInfinite(value)) return Strings.number(value);
        String text = new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
        return value < 0 && !text.startsWith("-") ? "-" + text : text;
    }

    static String pad(String text, int width, char align, String fill) {
        int missing = Math.max(0, width - Strings.length(text));
        int left = switch (align) {
            case '>', '=' -> missing;
            case '^' -> missing / 2;
            default -> 0;
        };
        boolean signed = align == '=' && (text.startsWith("-") || text.startsWith("+"));
        return (signed ? text.substring(0, 1) : "") + fill.repeat(left) + (signed ? text.substring(1) : text)
                + fill.repeat(missing - left);
    }

    static String braces(String format, Arguments arguments) {
        int[] used = {0};
        Matcher matcher = BRACES.matcher(format);
        StringBuilder out = new StringBuilder();
        while (matcher.find()) {
            if (matcher.group().length() == 2 && matcher.group().charAt(0) == matcher.group().charAt(1)) {
                matcher.appendReplacement(out, matcher.group().substring(1));
                continue;
            }
            String name = matcher.group(1);
            if (used[0] > 0 && name.matches("\\d+"))
                throw new TemplateException("a format mixes numbered and unnumbered fields");
            Object value = name.isEmpty() ? arguments.need(used[0]++, "") : name.matches("\\d{1,4}")
                    ? arguments.need(Integer.parseInt(name), "") : arguments.need(Integer.MAX_VALUE, name);
            for (String step : matcher.group(2).split("(?=[.\\[])")) {
                if (step.startsWith(".")) value = Values.attribute(value, step.substring(1));
                else if (step.startsWith("[")) value = Values.item(value, step.matches("\\[\\d{1,9}\\]")
                        ? (Object) Long.valueOf(step.substring(1, step.length() - 1))
                                : step.substring(1, step.length() - 1));
            }
            if ("r".equals(matcher.group(3))) value = Strings.repr(value);
            matcher.appendReplacement(out, Matcher.quoteReplacement(specified(value, matcher.group(4))));
        }
        return matcher.appendTail(out).toString();
    }

    private static String specified(Object value, String specification) {
        if (specification == null || specification.isEmpty()) return Strings.str(value);
        Matcher spec = SPECIFICATION.matcher(specification);
        if (!spec.matches()) throw new TemplateException("unsupported format '" + specification + "'");
        boolean number = Values.isNumber(value) && !(value instanceof Boolean);
        Integer precision = spec.group(7) == null ? null : Integer.valueOf(spec.group(7));
        String text = switch (spec.group(8)) {
            case "d" -> Long.toString(Values.whole(value));
            case "f" -> fixed(Values.real(value), precision == null ? 6 : precision);
            case "%" -> fixed(Values.real(value) * 100, precision == null ? 6 : precision) + "%";
            case "x" -> Long.toHexString(Values.whole(value));
            case "X" -> Long.toHexString(Values.whole(value)).toUpperCase(Locale.ROOT);
            case "e" -> String.format(Locale.ROOT, "%." + (precision == null ? 6 : precision) + "e",
                    Values.real(value));
            default -> number ? Strings.str(value) : cut(Strings.str(value), precision);
        };
        if (!spec.group(6).isEmpty()) text = text.replaceAll("(?<=\\d)(?=(\\d{3})+(?!\\d))(?<!\\.\\d{0,9})", ",");
        if (number && spec.group(3).equals("+") && !text.startsWith("-")) text = "+" + text;
        boolean zeros = !spec.group(4).isEmpty() && spec.group(2) == null;
        char align = spec.group(2) != null ? spec.group(2).charAt(0) : zeros ? '=' : number ? '>' : '<';
        String fill = spec.group(1) != null ? spec.group(1) : zeros ? "0" : " ";
        return pad(text, spec.group(5).isEmpty() ? 0 : Integer.parseInt(spec.group(5)), align, fill);
    }
}
