package graft.generation.template;

import graft.generation.template.Expression.Argument;
import graft.generation.template.Lexer.Kind;
import graft.generation.template.Lexer.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Compiles expressions, with the precedences of jinja2/parser.py 3.1. */
final class ExpressionParser {
    private static final List<Set<String>> ARITHMETIC = List.of(Set.of("+", "-"), Set.of("~"),
            Set.of("*", "/", "//", "%"), Set.of("**"));
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<Kind> TEST_ARGUMENT = Set.of(Kind.NAME, Kind.STRING, Kind.INTEGER, Kind.FLOAT);
    private final Tokens tokens;

    ExpressionParser(Tokens tokens) {
        this.tokens = tokens;
    }

    Expression expression() {
        return conditional(true);
    }

    /**
     * One expression, or several with commas between, which make a tuple.
     *
     * @param withCondition false in a for, where an {@code if} behind it belongs to the loop
     */
    Expression tuple(boolean withCondition) {
        List<Expression> items = new ArrayList<>();
        boolean comma = false;
        while (!endsTuple()) {
            items.add(conditional(withCondition));
            comma = tokens.skip(",");
            if (!comma) break;
        }
        if (items.isEmpty()) throw tokens.unexpected("an expression");
        return items.size() == 1 && !comma ? items.getFirst() : tupleOf(items);
    }

    private boolean endsTuple() {
        Token token = tokens.peek();
        return token.kind() == Kind.BLOCK_END || token.kind() == Kind.PRINT_END || token.isOperator(")");
    }

    private static Expression tupleOf(List<Expression> items) {
        return scope -> new Tuple(evaluateAll(items, scope));
    }

    private static List<Object> evaluateAll(List<Expression> items, Scope scope) {
        List<Object> values = new ArrayList<>(items.size());
        items.forEach(item -> values.add(item.evaluate(scope)));
        return values;
    }

    private Expression conditional(boolean withCondition) {
        tokens.enter();
        Expression left = or();
        while (withCondition && tokens.skipName("if")) {
            Expression then = left;
            Expression condition = or();
            Expression otherwise = tokens.skipName("else") ? conditional(true)
                    : _ -> new Undefined("the condition of an inline if is false and it has no else");
            left = scope -> (Values.truth(condition.evaluate(scope)) ? then : otherwise).evaluate(scope);
        }
        tokens.leave();
        return left;
    }

    private Expression or() {
        Expression left = and();
        while (tokens.skipName("or")) {
            Expression first = left;
            Expression second = and();
            left = scope -> {
                Object value = first.evaluate(scope);
                return Values.truth(value) ? value : second.evaluate(scope);
            };
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.skipName("and")) {
            Expression first = left;
            Expression second = not();
            left = scope -> {
                Object value = first.evaluate(scope);
                return Values.truth(value) ? second.evaluate(scope) : value;
            };
        }
        return left;
    }

    private Expression not() {
        if (!tokens.skipName("not")) return comparison();
        tokens.enter();
        Expression negated = not();
        tokens.leave();
        return scope -> !Values.truth(negated.evaluate(scope));
    }

    private record Comparison(String operator, Expression right) {}

    private Expression comparison() {
        Expression first = arithmetic(0);
        List<Comparison> chain = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            String operator;
            if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) operator = tokens.next().text();
            else if (tokens.skipName("in")) operator = "in";
            else if (token.isName("not") && tokens.after().isName("in")) {
                tokens.next();
                tokens.next();
                operator = "not in";
            } else break;
            chain.add(new Comparison(operator, arithmetic(0)));
        }
        if (chain.isEmpty()) return first;
        return scope -> {
            Object left = first.evaluate(scope);
            for (Comparison comparison : chain) {
                scope.run.step(1);
                Object right = comparison.right.evaluate(scope);
                if (!holds(comparison.operator, left, right)) return false;
                left = right;
            }
            return true;
        };
    }

    static boolean holds(String operator, Object left, Object right) {
        return switch (operator) {
            case "==" -> Values.equal(left, right);
            case "!=" -> !Values.equal(left, right);
            case "in" -> Values.contains(right, left);
            case "not in" -> !Values.contains(right, left);
            case "<" -> Values.compare(left, right) < 0;
            case "<=" -> Values.compare(left, right) <= 0;
            case ">" -> Values.compare(left, right) > 0;
            case ">=" -> Values.compare(left, right) >= 0;
            default -> throw new IllegalArgumentException(operator);
        };
    }

    private Expression arithmetic(int level) {
        if (level == ARITHMETIC.size()) return unary(true);
        Expression left = arithmetic(level + 1);
        while (tokens.peek().kind() == Kind.OPERATOR && ARITHMETIC.get(level).contains(tokens.peek().text())) {
            String operator = tokens.next().text();
            Expression a = left;
            Expression b = arithmetic(level + 1);
            left = scope -> {
                scope.run.step(1);
                Object first = a.evaluate(scope);
                Object second = b.evaluate(scope);
                return operator.equals("~") ? scope.run.made(Strings.str(first) + Strings.str(second))
                        : Arithmetic.apply(scope.run, operator, first, second);
            };
        }
        return left;
    }

    private Expression unary(boolean withFilters) {
        tokens.enter();
        Expression result;
        if (tokens.skip("-")) {
            Expression value = unary(false);
            result = scope -> Arithmetic.apply(scope.run, "-", 0L, value.evaluate(scope));
        } else if (tokens.skip("+")) {
            Expression value = unary(false);
            result = scope -> Arithmetic.apply(scope.run, "+", 0L, value.evaluate(scope));
        } else result = primary();
        result = postfix(result);
        if (withFilters) result = filters(result);
        tokens.leave();
        return result;
    }

    private Expression primary() {
        Token token = tokens.next();
        return switch (token.kind()) {
            case NAME -> name(token.text());
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (tokens.peek().kind() == Kind.STRING) text.append(tokens.next().text());
                yield constant(text.toString());
            }
            case INTEGER -> constant(integer(token.text()));
            case FLOAT -> constant(Double.valueOf(token.text()));
            case OPERATOR -> switch (token.text()) {
                case "(" -> parenthesised();
                case "[" -> list();
                case "{" -> map();
                default -> throw new TemplateException("line " + token.line() + ": unexpected '" + token.text() + "'");
            };
            default -> throw new TemplateException("line " + token.line() + ": unexpected " + token.text());
        };
    }

    private static Expression constant(Object value) {
        return _ -> value;
    }

    private static Expression name(String name) {
        return switch (name) {
            case "true", "True" -> constant(true);
            case "false", "False" -> constant(false);
            case "none", "None" -> constant(null);
            default -> scope -> scope.get(name);
        };
    }

    private static long integer(String digits) {
        try {
            int base = digits.matches("0[bB].*") ? 2 : digits.matches("0[oO].*") ? 8 : digits.matches("0[xX].*") ? 16
                    : 10;
            return Long.parseLong(base == 10 ? digits : digits.substring(2), base);
        } catch (NumberFormatException e) {
            throw new TemplateException("a number is too large: " + digits);
        }
    }

    private Expression parenthesised() {
        if (tokens.skip(")")) return constant(new Tuple(List.of()));
        Expression inner = tuple(true);
        tokens.expect(")");
        return inner;
    }

    private Expression list() {
        List<Expression> items = new ArrayList<>();
        while (!tokens.skip("]")) {
            if (!items.isEmpty()) tokens.expect(",");
            if (tokens.skip("]")) break;
            items.add(expression());
        }
        return scope -> evaluateAll(items, scope);
    }

    private Expression map() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.skip("}")) {
            if (!keys.isEmpty()) tokens.expect(",");
            if (tokens.skip("}")) break;
            keys.add(expression());
            tokens.expect(":");
            values.add(expression());
        }
        return scope -> {
            Map<Object, Object> map = new LinkedHashMap<>();
            for (int i = 0; i < keys.size(); i++) map.put(keys.get(i).evaluate(scope), values.get(i).evaluate(scope));
            return map;
        };
    }

    Expression postfix(Expression start) {
        Expression result = start;
        while (true) {
            Expression target = result;
            if (tokens.skip(".")) {
                Token name = tokens.next();
                if (name.kind() == Kind.INTEGER) {
                    Object index = integer(name.text());
                    result = scope -> Values.item(target.evaluate(scope), index);
                } else if (name.kind() == Kind.NAME) result = scope -> Values.attribute(target.evaluate(scope),
                        name.text());
                else throw new TemplateException("line " + name.line() + ": expected a name after '.'");
            } else if (tokens.skip("[")) result = subscript(target);
            else if (tokens.skip("(")) result = new Expression.Call(target, arguments());
            else return result;
        }
    }

    private Expression subscript(Expression target) {
        Expression none = constant(null);
        Expression start = tokens.peek().isOperator(":") ? none : expression();
        if (tokens.skip("]")) return scope -> Values.item(target.evaluate(scope), start.evaluate(scope));
        tokens.expect(":");
        Expression stop = tokens.peek().isOperator(":") || tokens.peek().isOperator("]") ? none : expression();
        Expression step = tokens.skip(":") && !tokens.peek().isOperator("]") ? expression() : none;
        tokens.expect("]");
        return scope -> {
            Object value = target.evaluate(scope);
            if (value instanceof String || value instanceof List<?>) scope.run.room(Values.length(value));
            return Values.slice(value, start.evaluate(scope), stop.evaluate(scope), step.evaluate(scope));
        };
    }

    /** After the opening parenthesis, up to and with the closing one. */
    private List<Argument> arguments() {
        List<Argument> arguments = new ArrayList<>();
        while (!tokens.skip(")")) {
            if (!arguments.isEmpty()) tokens.expect(",");
            if (tokens.skip(")")) break;
            if (tokens.skip("*")) arguments.add(new Argument(null, Argument.Spread.LIST, expression()));
            else if (tokens.skip("**")) arguments.add(new Argument(null, Argument.Spread.MAP, expression()));
            else if (tokens.peek().kind() == Kind.NAME && tokens.after().isOperator("=")) {
                String name = tokens.next().text();
                tokens.expect("=");
                arguments.add(new Argument(name, Argument.Spread.NONE, expression()));
            } else arguments.add(new Argument(null, Argument.Spread.NONE, expression()));
        }
        return arguments;
    }

    private Expression filters(Expression start) {
        Expression result = start;
        while (true) {
            if (tokens.skip("|")) result = filter(result);
            else if (tokens.skipName("is")) result = test(result);
            else if (tokens.skip("(")) result = new Expression.Call(result, arguments());
            else return result;
        }
    }

    /** A chain of filters behind a block's text, the first without its bar where {@code named}. */
    Expression blockFilters(Expression text, boolean named) {
        Expression result = named ? filter(text) : text;
        while (tokens.skip("|")) result = filter(result);
        return result;
    }

    private String dottedName() {
        StringBuilder name = new StringBuilder(tokens.expect(Kind.NAME).text());
        while (tokens.skip(".")) name.append('.').append(tokens.expect(Kind.NAME).text());
        return name.toString();
    }

    private Expression filter(Expression input) {
        String name = dottedName();
        List<Argument> written = tokens.skip("(") ? arguments() : List.of();
        return scope -> Filters.apply(scope.run, name, input.evaluate(scope), Expression.arguments(written, scope));
    }

    private Expression test(Expression input) {
        boolean negated = tokens.skipName("not");
        String name = dottedName();
        List<Argument> written = List.of();
        Token next = tokens.peek();
        if (tokens.skip("(")) written = arguments();
        else if ((TEST_ARGUMENT.contains(next.kind()) || next.isOperator("[") || next.isOperator("{"))
                && !next.isName("else") && !next.isName("or") && !next.isName("and")) {
            if (next.isName("is")) throw new TemplateException("line " + next.line()
                    + ": tests can't be chained with 'is'");
            written = List.of(new Argument(null, Argument.Spread.NONE, postfix(primary())));
        }
        List<Argument> arguments = written;
        return scope -> negated != Tests.holds(scope.run, name, input.evaluate(scope),
                Expression.arguments(arguments, scope));
    }

    /** What a for, set or with binds: a name, an attribute of a namespace, or several. */
    Target target() {
        List<Target> targets = new ArrayList<>();
        boolean comma = false;
        do {
            if (comma && (tokens.peek().isName("in") || tokens.peek().isOperator("=") || tokens.peek()
                    .isOperator(")"))) break;
            targets.add(oneTarget());
        } while (comma = tokens.skip(","));
        return targets.size() == 1 && !comma ? targets.getFirst() : (scope, value) -> {
            List<?> values = Values.iterate(value);
            if (values.size() != targets.size()) throw new TemplateException(targets.size() + " names for "
                    + values.size() + " values");
            for (int i = 0; i < targets.size(); i++) targets.get(i).assign(scope, values.get(i));
        };
    }

    private Target oneTarget() {
        if (tokens.skip("(")) {
            Target inner = target();
            tokens.expect(")");
            return inner;
        }
        String name = tokens.expect(Kind.NAME).text();
        Optional<String> attribute = tokens.skip(".") ? Optional.of(tokens.expect(Kind.NAME).text()) : Optional.empty();
        if (attribute.isEmpty()) return (scope, value) -> scope.set(name, value);
        return (scope, value) -> {
            if (!(scope.get(name) instanceof Functions.Namespace namespace))
                throw new TemplateException("an attribute can be set on a namespace only, and '" + name + "' is none");
            namespace.values().put(attribute.get(), value);
        };
    }

    @FunctionalInterface
    interface Target {
        void assign(Scope scope, Object value);
    }
}
