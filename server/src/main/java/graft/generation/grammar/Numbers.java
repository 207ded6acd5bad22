package graft.generation.grammar;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/**
 * Decimal numbers between two bounds, digit by digit. At most fifteen digits in all, so that a double keeps them apart
 * and a reader's rounding never crosses a bound. One a number in a schema.
 */
final class Numbers {
    static final int DIGITS = 15;
    static final int LARGEST_DIVISOR = 100;
    private final Graph graph;
    private final int to;
    private final int fraction;
    private final int divisor;
    private Side low;
    private Side high;
    private final Map<Key, Integer> nodes = new HashMap<>();

    /** @param open whether the bound itself is left out */
    record Bound(BigDecimal value, boolean open) {
        Bound negated() {
            return new Bound(value.negate(), open);
        }
    }

    /** A bound's digits before the point and behind it. */
    private record Side(String whole, String part, boolean open) {
        static Side of(Bound bound, int fraction) {
            BigDecimal value = bound.value();
            BigDecimal whole = value.setScale(0, RoundingMode.DOWN);
            String part = value.subtract(whole).setScale(fraction, RoundingMode.UNNECESSARY).toPlainString();
            return new Side(whole.toPlainString(), fraction == 0 ? "" : part.substring(2), bound.open());
        }

        boolean endsAt(int position) {
            return part.chars().skip(position).allMatch(digit -> digit == '0');
        }
    }

    /** Where in a number: digits left before the point (or behind it), position where a bound still binds, rest. */
    private record Key(boolean whole, boolean first, int left, int position, boolean lowBinds, boolean highBinds,
            int rest) {}

    private Numbers(Graph graph, int to, int fraction, int divisor) {
        this.graph = graph;
        this.to = to;
        this.fraction = fraction;
        this.divisor = divisor;
    }

    /** Most digits of a multiple that no bound limits: a grammar has a node for each digit and each rest. */
    static int digits(int divisor) {
        return divisor <= 10 ? DIGITS : divisor <= 50 ? 9 : 6;
    }

    /**
     * @param low        bounds, both closed or open; low is not over high
     * @param fraction most digits behind the point
     * @param divisor  of which whole numbers are multiples; 1 for all
     */
    static void emit(Graph graph, int from, int to, Bound low, Bound high, int fraction, int divisor) {
        if (high.value().signum() >= 0) {
            Bound least = low.value().signum() < 0 ? new Bound(BigDecimal.ZERO, false) : low;
            new Numbers(graph, to, fraction, divisor).between(from, least, high);
        }
        if (low.value().signum() < 0) {
            // Zero is left to the side without a sign.
            Bound least = high.value().signum() >= 0 ? new Bound(BigDecimal.ZERO, true) : high.negated();
            new Numbers(graph, to, fraction, divisor).between(graph.after(from, "-"), least, low.negated());
        }
    }

    private void between(int from, Bound least, Bound most) {
        low = Side.of(least, fraction);
        high = Side.of(most, fraction);
        for (int length = low.whole().length(); length <= high.whole().length(); length++)
            graph.free(from, whole(length, 0, length == low.whole().length(), length == high.whole().length(), 0,
                    length));
    }

    private int whole(int left, int position, boolean lowBinds, boolean highBinds, int rest, int length) {
        if (left == 0) return part(0, lowBinds, highBinds, rest);
        boolean first = position == 0 && length > 1;
        Key key = new Key(true, first, left, lowBinds || highBinds || first ? position : -1, lowBinds, highBinds, rest);
        Integer known = nodes.get(key);
        if (known != null) return known;
        int node = graph.node();
        nodes.put(key, node);
        int least = Math.max(first ? 1 : 0, lowBinds ? low.whole().charAt(position) - '0' : 0);
        int most = highBinds ? high.whole().charAt(position) - '0' : 9;
        digits(node, least, most, digit -> whole(left - 1, position + 1,
                lowBinds && digit == low.whole().charAt(position) - '0',
                highBinds && digit == high.whole().charAt(position) - '0', (rest * 10 + digit) % divisor, length));
        return node;
    }

    private int part(int position, boolean lowBinds, boolean highBinds, int rest) {
        Key key = new Key(false, false, fraction - position, position, lowBinds, highBinds, rest);
        Integer known = nodes.get(key);
        if (known != null) return known;
        int node = graph.node();
        nodes.put(key, node);
        boolean overLow = !lowBinds || low.endsAt(position) && !low.open();
        boolean underHigh = !highBinds || !high.endsAt(position) || !high.open();
        if (overLow && underHigh && rest == 0) graph.free(node, to);
        if (position == fraction) return node;
        int digits = position == 0 ? graph.after(node, ".") : node;
        int least = lowBinds ? low.part().charAt(position) - '0' : 0;
        int most = highBinds ? high.part().charAt(position) - '0' : 9;
        digits(digits, least, most, digit -> part(position + 1,
                lowBinds && digit == low.part().charAt(position) - '0',
                highBinds && digit == high.part().charAt(position) - '0', rest));
        return node;
    }

    /** One edge for neighbours that lead to the same node. */
    private void digits(int from, int least, int most, IntUnaryOperator target) {
        int first = least;
        for (int digit = least; digit <= most; digit++) {
            int here = target.applyAsInt(digit);
            if (digit < most && target.applyAsInt(digit + 1) == here) continue;
            graph.bytes(from, '0' + first, '0' + digit, here);
            first = digit + 1;
        }
    }
}
