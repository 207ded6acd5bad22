package graft.generation.template;

import graft.generation.template.Lexer.Kind;
import graft.generation.template.Lexer.Token;
import graft.generation.template.Statement.Signal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Compiles a template's text and tags. One use per instance. */
final class StatementParser {
    private final Tokens tokens;
    private final ExpressionParser expressions;
    private int loops;

    StatementParser(List<Token> tokens) {
        this.tokens = new Tokens(tokens);
        this.expressions = new ExpressionParser(this.tokens);
    }

    Statement template() {
        return statements();
    }

    /** What stands between two tags, and the name of the one that ended it. */
    private record Body(Statement statement, String endedBy) {}

    /** From the end of the opening tag up to the name of a closing one. */
    private Body body(String... ends) {
        tokens.expect(Kind.BLOCK_END);
        Statement statement = statements(ends);
        if (!atEnd(ends)) throw tokens.unexpected(String.join(" or ", ends));
        tokens.next();
        return new Body(statement, tokens.next().text());
    }

    private Statement statements(String... ends) {
        tokens.enter();
        List<Statement> statements = new ArrayList<>();
        while (tokens.peek().kind() != Kind.END && !atEnd(ends)) statements.add(statement());
        tokens.leave();
        return Statement.block(statements);
    }

    private boolean atEnd(String... ends) {
        if (tokens.peek().kind() != Kind.BLOCK_BEGIN) return false;
        for (String end : ends) if (tokens.after().isName(end)) return true;
        return false;
    }

    private Statement statement() {
        Token token = tokens.next();
        switch (token.kind()) {
            case DATA -> {
                return (scope, out) -> write(scope, out, token.text());
            }
            case PRINT_BEGIN -> {
                Expression value = expressions.tuple(true);
                tokens.expect(Kind.PRINT_END);
                return (scope, out) -> write(scope, out, Strings.str(value.evaluate(scope)));
            }
            default -> {
                Token tag = tokens.expect(Kind.NAME);
                Statement statement = tag(tag);
                tokens.expect(Kind.BLOCK_END);
                return statement;
            }
        }
    }

    private static Signal write(Scope scope, StringBuilder out, String text) {
        scope.run.room((long) out.length() + text.length());
        out.append(text);
        return Signal.NEXT;
    }

    private Statement tag(Token tag) {
        return switch (tag.text()) {
            case "for" -> loop();
            case "if" -> condition();
            case "set" -> assignment();
            case "macro" -> macro();
            case "call" -> callBlock();
            case "filter" -> filterBlock();
            case "with" -> with();
            case "generation" -> inScope(body("endgeneration").statement);
            case "break" -> leaveLoop(tag, Signal.BREAK);
            case "continue" -> leaveLoop(tag, Signal.CONTINUE);
            default -> throw new TemplateException("line " + tag.line() + ": unknown tag '" + tag.text() + "'");
        };
    }

    private Statement leaveLoop(Token tag, Signal signal) {
        if (loops == 0) throw new TemplateException("line " + tag.line() + ": '" + tag.text() + "' outside a loop");
        return (_, _) -> signal;
    }

    private static Statement inScope(Statement body) {
        return (scope, out) -> body.run(new Scope(scope), out);
    }

    private Statement loop() {
        ExpressionParser.Target target = expressions.target();
        if (!tokens.skipName("in")) throw tokens.unexpected("'in'");
        Expression items = expressions.tuple(false);
        Expression test = tokens.skipName("if") ? expressions.expression() : null;
        boolean recursive = tokens.skipName("recursive");
        loops++;
        Body body = body("endfor", "else");
        loops--;
        Statement otherwise = body.endedBy.equals("else") ? body("endfor").statement : Statement.block(List.of());
        return new Loop(target, items, test, recursive, body.statement, otherwise);
    }

    private Statement condition() {
        Expression condition = expressions.tuple(false);
        Body body = body("elif", "else", "endif");
        Statement otherwise = switch (body.endedBy) {
            case "elif" -> condition();
            case "else" -> body("endif").statement;
            default -> Statement.block(List.of());
        };
        return (scope, out) -> (Values.truth(condition.evaluate(scope)) ? body.statement : otherwise).run(scope, out);
    }

    private Statement assignment() {
        ExpressionParser.Target target = expressions.target();
        if (tokens.skip("=")) {
            Expression value = expressions.tuple(true);
            return (scope, _) -> {
                target.assign(scope, value.evaluate(scope));
                return Signal.NEXT;
            };
        }
        // The filters are read before the body, so they get its text through a variable that no template can name.
        Expression filtered = expressions.blockFilters(scope -> scope.get(" body"), false);
        Statement body = body("endset").statement;
        return (scope, _) -> {
            target.assign(scope, filtered.evaluate(captured(body, scope)));
            return Signal.NEXT;
        };
    }

    private static Scope captured(Statement body, Scope scope) {
        Scope inner = new Scope(scope);
        inner.set(" body", body.capture(new Scope(scope)));
        return inner;
    }

    private Statement filterBlock() {
        Expression filtered = expressions.blockFilters(scope -> scope.get(" body"), true);
        Statement body = body("endfilter").statement;
        return (scope, out) -> write(scope, out, Strings.str(filtered.evaluate(captured(body, scope))));
    }

    private Statement with() {
        List<ExpressionParser.Target> targets = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (tokens.peek().kind() != Kind.BLOCK_END) {
            if (!targets.isEmpty()) tokens.expect(",");
            String name = tokens.expect(Kind.NAME).text();
            targets.add((scope, value) -> scope.set(name, value));
            tokens.expect("=");
            values.add(expressions.expression());
        }
        Statement body = body("endwith").statement;
        return (scope, out) -> {
            Scope inner = new Scope(scope);
            for (int i = 0; i < targets.size(); i++) targets.get(i).assign(inner, values.get(i).evaluate(scope));
            return body.run(inner, out);
        };
    }

    private Statement macro() {
        String name = tokens.expect(Kind.NAME).text();
        tokens.expect("(");
        List<Macro.Parameter> parameters = parameters();
        Function<Scope, Macro> macro = function(name, parameters, "endmacro");
        return (scope, _) -> {
            scope.set(name, macro.apply(scope));
            return Signal.NEXT;
        };
    }

    private Statement callBlock() {
        List<Macro.Parameter> parameters = tokens.skip("(") ? parameters() : List.of();
        if (!(expressions.expression() instanceof Expression.Call call)) throw tokens.unexpected("a call");
        Function<Scope, Macro> caller = function("caller", parameters, "endcall");
        return (scope, out) -> write(scope, out, Strings.str(call.evaluateWith(scope, caller.apply(scope))));
    }

    /** A loop around a macro is not the macro's own: it can't be left from inside. */
    private Function<Scope, Macro> function(String name, List<Macro.Parameter> parameters, String end) {
        int around = loops;
        loops = 0;
        int from = tokens.position();
        Statement body = body(end).statement;
        loops = around;
        boolean takesMore = tokens.named("varargs", from);
        boolean takesNamed = tokens.named("kwargs", from);
        return scope -> new Macro(name, parameters, takesMore, takesNamed, body, scope);
    }

    private List<Macro.Parameter> parameters() {
        List<Macro.Parameter> parameters = new ArrayList<>();
        while (!tokens.skip(")")) {
            if (!parameters.isEmpty()) tokens.expect(",");
            String name = tokens.expect(Kind.NAME).text();
            Expression byDefault = tokens.skip("=") ? expressions.expression() : null;
            if (byDefault == null && !parameters.isEmpty() && parameters.getLast().byDefault() != null)
                throw tokens.unexpected("a default for '" + name + "'");
            parameters.add(new Macro.Parameter(name, byDefault));
        }
        return parameters;
    }
}
