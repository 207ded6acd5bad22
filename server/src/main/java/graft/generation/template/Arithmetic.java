package graft.generation.template;

import java.util.ArrayList;
import java.util.List;

/** Python's operators between two values. */
final class Arithmetic {
    private Arithmetic() {}

    static Object apply(Run run, String operator, Object a, Object b) {
        if (a instanceof Undefined undefined) throw undefined.failure();
        if (b instanceof Undefined undefined && !operator.equals("%")) throw undefined.failure();
        if (a instanceof String text) return ofText(run, operator, text, b);
        if (a instanceof List<?> list) return ofList(run, operator, list, b);
        if (operator.equals("*") && Values.isInteger(a) && (b instanceof String || b instanceof List<?>))
            return apply(run, operator, b, a);
        if (!Values.isNumber(a) || !Values.isNumber(b)) throw mismatch(operator, a, b);
        try {
            return Values.isInteger(a) && Values.isInteger(b) ? whole(operator, Values.whole(a), Values.whole(b))
                    : real(operator, Values.real(a), Values.real(b));
        } catch (ArithmeticException e) {
            throw new TemplateException("arithmetic: " + e.getMessage());
        }
    }

    private static TemplateException mismatch(String operator, Object a, Object b) {
        return new TemplateException("unsupported operands for " + operator + ": " + Values.type(a) + " and "
                + Values.type(b));
    }

    private static Object ofText(Run run, String operator, String text, Object b) {
        if (operator.equals("+") && b instanceof String right) return run.made(text + right);
        if (operator.equals("*") && Values.isInteger(b)) {
            int times = Math.max(0, Values.integer(b));
            run.room((long) text.length() * times);
            return text.repeat(times);
        }
        if (operator.equals("%")) return run.made(Formatting.percent(text, b));
        throw mismatch(operator, text, b);
    }

    private static Object ofList(Run run, String operator, List<?> list, Object b) {
        List<Object> all = new ArrayList<>();
        if (operator.equals("+") && b instanceof List<?> right && list instanceof Tuple == b instanceof Tuple) {
            run.room(list.size() + right.size());
            all.addAll(list);
            all.addAll(right);
        } else if (operator.equals("*") && Values.isInteger(b)) {
            int times = Math.max(0, Values.integer(b));
            run.room((long) list.size() * times);
            for (int i = 0; i < times; i++) all.addAll(list);
        } else throw mismatch(operator, list, b);
        return list instanceof Tuple ? new Tuple(all) : all;
    }

    private static Object whole(String operator, long a, long b) {
        return switch (operator) {
            case "+" -> Math.addExact(a, b);
            case "-" -> Math.subtractExact(a, b);
            case "*" -> Math.multiplyExact(a, b);
            case "//" -> Math.floorDiv(a, b);
            case "%" -> Math.floorMod(a, b);
            case "/" -> real(operator, a, b);
            case "**" -> b < 0 ? (Object) Math.pow(a, b) : power(a, b);
            default -> throw new IllegalArgumentException(operator);
        };
    }

    private static long power(long a, long b) {
        if (b > 64 && a != 0 && a != 1 && a != -1) throw new ArithmeticException("long overflow");
        long result = 1;
        for (long i = 0; i < (b > 64 ? b % 2 + 2 : b); i++) result = Math.multiplyExact(result, a);
        return result;
    }

    private static double real(String operator, double a, double b) {
        if (b == 0 && (operator.startsWith("/") || operator.equals("%")))
            throw new ArithmeticException("division by zero");
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - b * Math.floor(a / b);
            case "**" -> Math.pow(a, b);
            default -> throw new IllegalArgumentException(operator);
        };
    }
}
