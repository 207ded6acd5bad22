package graft.generation.template;

import graft.generation.template.Lexer.Kind;
import graft.generation.template.Lexer.Token;
import java.util.List;

/** Where the parser stands. */
final class Tokens {
    private static final int MAX_NESTING = 100;
    private final List<Token> tokens;
    private int at;
    private int nesting;

    Tokens(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(at);
    }

    Token after() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    Token next() {
        return tokens.get(peek().kind() == Kind.END ? at : at++);
    }

    boolean skip(String operator) {
        boolean found = peek().isOperator(operator);
        if (found) at++;
        return found;
    }

    boolean skipName(String name) {
        boolean found = peek().isName(name);
        if (found) at++;
        return found;
    }

    void expect(String operator) {
        if (!skip(operator)) throw unexpected("'" + operator + "'");
    }

    Token expect(Kind kind) {
        if (peek().kind() != kind) throw unexpected(kind.toString().toLowerCase(java.util.Locale.ROOT)
                .replace('_', ' '));
        return next();
    }

    int position() {
        return at;
    }

    /** Whether a name is read between a position and here. */
    boolean named(String name, int from) {
        return tokens.subList(from, at).stream().anyMatch(token -> token.isName(name));
    }

    TemplateException unexpected(String expected) {
        return new TemplateException("line " + peek().line() + ": expected " + expected + ", found '" + peek().text()
                + "'");
    }

    void enter() {
        if (++nesting > MAX_NESTING) throw new TemplateException("line " + peek().line() + ": nested too deep");
    }

    void leave() {
        nesting--;
    }
}
