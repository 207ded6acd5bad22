package graft.weights.pattern;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** Python's syntax to nodes; what is not known here is refused and never guessed. One instance an expression. */
final class ExpressionParser {
    private static final int DEEPEST = 100;
    private final String text;
    private final Map<String, Integer> names = new HashMap<>();
    private int at;
    private int depth;
    private int groups;
    private boolean ignoreCase;

    ExpressionParser(String text) {
        this.text = text;
    }

    int groups() {
        return groups;
    }

    Node parse() {
        if (text.startsWith("(?i)")) {
            ignoreCase = true;
            at = 4;
        }
        Node all = either();
        if (at < text.length()) throw refused("has a ')' too many");
        return all;
    }

    private Node either() {
        if (++depth > DEEPEST) throw refused("nests too deeply");
        List<Node> ways = new ArrayList<>(List.of(all()));
        while (eat("|")) ways.add(all());
        depth--;
        return ways.size() == 1 ? ways.getFirst() : new Node.Either(ways);
    }

    private Node all() {
        List<Node> parts = new ArrayList<>();
        while (at < text.length() && !looking("|") && !looking(")")) parts.add(repeated(atom()));
        return parts.size() == 1 ? parts.getFirst() : new Node.All(parts);
    }

    private Node repeated(Node atom) {
        long least;
        long most;
        if (eat("*")) {
            least = 0;
            most = -1;
        } else if (eat("+")) {
            least = 1;
            most = -1;
        } else if (eat("?")) {
            least = 0;
            most = 1;
        } else {
            int[] bounds = bounds();
            if (bounds.length == 0) return atom;
            least = bounds[0];
            most = bounds[1];
        }
        if (atom instanceof Node.Place) throw refused("repeats a place");
        boolean lazy = eat("?");
        boolean possessive = !lazy && eat("+");
        Node repeat = new Node.Repeat(atom, least, most, lazy);
        if (looking("*") || looking("+") || looking("?") || bounds().length > 0) throw refused("has a multiple repeat");
        return possessive ? new Node.Atomic(repeat) : repeat;
    }

    /** {@code {n}}, {@code {n,}}, {@code {,m}}, {@code {,}} and {@code {n,m}}; other braces stand for themselves. */
    private int[] bounds() {
        int end = looking("{") ? text.indexOf('}', at) : -1;
        String inside = end < 0 ? "" : text.substring(at + 1, end);
        if (!inside.matches("\\d+|\\d*,\\d*")) return new int[0];
        at = end + 1;
        int comma = inside.indexOf(',');
        int least = comma < 0 ? count(inside) : comma == 0 ? 0 : count(inside.substring(0, comma));
        int most = comma < 0 ? least : comma == inside.length() - 1 ? -1 : count(inside.substring(comma + 1));
        if (most >= 0 && most < least) throw refused("has a repeat from more to less");
        return new int[] {least, most};
    }

    private int count(String digits) {
        if (digits.length() > 9) throw refused("repeats too often");
        return Integer.parseInt(digits);
    }

    private Node atom() {
        char c = text.charAt(at++);
        return switch (c) {
            case '(' -> group();
            case '[' -> new Node.One(cased(set()));
            case '.' -> new Node.One(other -> other != '\n');
            case '^' -> new Node.Place(Node.Place.Kind.START);
            case '$' -> new Node.Place(Node.Place.Kind.BEFORE_LAST_NEWLINE);
            case '\\' -> escaped();
            case '*', '+', '?' -> throw refused("has nothing to repeat");
            default -> new Node.One(cased(other -> other == c));
        };
    }

    private Node group() {
        Node inside;
        if (!eat("?")) {
            inside = numbered();
        } else if (eat(":")) {
            inside = either();
        } else if (eat("P<")) {
            String name = until('>');
            if (names.put(name, groups + 1) != null) throw refused("has two groups of one name");
            inside = numbered();
        } else if (eat("P=")) {
            Integer number = names.get(until(')'));
            if (number == null) throw refused("refers to a group that it does not have");
            return new Node.Again(number);
        } else if (eat("=") || eat("!")) {
            boolean wanted = text.charAt(at - 1) == '=';
            inside = new Node.Ahead(either(), wanted);
        } else if (eat("<=") || eat("<!")) {
            boolean wanted = text.charAt(at - 1) == '=';
            inside = new Node.Behind(either(), wanted);
        } else if (eat(">")) {
            inside = new Node.Atomic(either());
        } else {
            throw refused("has a kind of group that is not supported");
        }
        if (!eat(")")) throw refused("has a '(' without ')'");
        return inside;
    }

    private Node numbered() {
        int number = ++groups;
        return new Node.Group(number, either());
    }

    private String until(char end) {
        int to = text.indexOf(end, at);
        String name = to < 0 ? "" : text.substring(at, to);
        if (!name.matches("[A-Za-z_]\\w*")) throw refused("has a group without a proper name");
        at = to + 1;
        return name;
    }

    private Node escaped() {
        if (at == text.length()) throw refused("ends in a backslash");
        char c = text.charAt(at++);
        return switch (c) {
            case 'b' -> new Node.Place(Node.Place.Kind.WORD_EDGE);
            case 'B' -> new Node.Place(Node.Place.Kind.NO_WORD_EDGE);
            case 'A' -> new Node.Place(Node.Place.Kind.START);
            case 'Z' -> new Node.Place(Node.Place.Kind.END);
            case '1', '2', '3', '4', '5', '6', '7', '8', '9' -> again(c - '0');
            default -> new Node.One(cased(escape(c)));
        };
    }

    private Node again(int number) {
        boolean longer = at < text.length() && Character.isDigit(text.charAt(at));
        if (longer || number > groups) throw refused("refers to a group that it does not have");
        return new Node.Again(number);
    }

    /** What a backslash makes of a character, inside a set and outside. */
    private IntPredicate escape(char c) {
        return switch (c) {
            case 'd' -> ExpressionParser::isDigit;
            case 'D' -> other -> !isDigit(other);
            case 'w' -> ExpressionParser::isWord;
            case 'W' -> other -> !isWord(other);
            case 's' -> ExpressionParser::isSpace;
            case 'S' -> other -> !isSpace(other);
            default -> {
                char meant = character(c);
                yield other -> other == meant;
            }
        };
    }

    private char character(char c) {
        int plain = "ntrfva".indexOf(c);
        if (plain >= 0) return "\n\t\r\f\u000b\u0007".charAt(plain);
        if (c == 'x') return hex(2);
        if (c == 'u') return hex(4);
        if (c == '0' || isWord(c) && c != '_') throw refused("has the escape \\" + c + ", which is not supported");
        return c;
    }

    private char hex(int digits) {
        String code = text.substring(at, Math.min(text.length(), at + digits));
        if (!code.matches("[0-9A-Fa-f]{" + digits + "}")) throw refused("has an incomplete escape");
        at += digits;
        return (char) Integer.parseInt(code, 16);
    }

    private IntPredicate set() {
        boolean negated = eat("^");
        IntPredicate set = _ -> false;
        boolean first = true;
        while (first || !looking("]")) {
            if (at >= text.length()) throw refused("has a '[' without ']'");
            set = set.or(range());
            first = false;
        }
        at++;
        IntPredicate inside = set;
        return negated ? c -> !any(inside, c) : inside;
    }

    private boolean any(IntPredicate set, int c) {
        return cased(set).test(c);
    }

    private IntPredicate range() {
        char from = text.charAt(at++);
        if (from == '\\') {
            if (at == text.length()) throw refused("ends in a backslash");
            char escaped = text.charAt(at++);
            if ("dDwWsS".indexOf(escaped) >= 0) return escape(escaped);
            from = escaped == 'b' ? '\b' : character(escaped);
        }
        if (!looking("-") || at + 1 >= text.length() || text.charAt(at + 1) == ']') {
            char only = from;
            return c -> c == only;
        }
        at++;
        char to = text.charAt(at++);
        if (to == '\\') {
            if (at == text.length()) throw refused("ends in a backslash");
            to = character(text.charAt(at++));
        }
        char least = from;
        char most = to;
        if (most < least) throw refused("has a range from more to less");
        return c -> c >= least && c <= most;
    }

    private IntPredicate cased(IntPredicate set) {
        return !ignoreCase ? set : c -> set.test(c) || set.test(Character.toLowerCase(c))
                || set.test(Character.toUpperCase(c));
    }

    private boolean looking(String what) {
        return text.startsWith(what, at);
    }

    private boolean eat(String what) {
        if (!looking(what)) return false;
        at += what.length();
        return true;
    }

    private static InvalidExpressionException refused(String why) {
        return new InvalidExpressionException("is not a regular expression that is supported: it " + why);
    }

    private static boolean isDigit(int c) {
        return Character.isDigit(c);
    }

    private static boolean isSpace(int c) {
        return Character.isWhitespace(c) || c == '\u0085' || Character.isSpaceChar(c);
    }

    static boolean isWord(int c) {
        return c == '_' || Character.isLetterOrDigit(c);
    }
}
