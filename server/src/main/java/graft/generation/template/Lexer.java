package graft.generation.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a template into text and the tokens of its tags, taking away the white space that trim_blocks, lstrip_blocks
 * and the signs of {@code {%-} and {@code -%}} take away (jinja2/lexer.py 3.1). One use per instance.
 */
final class Lexer {
    enum Kind { DATA, BLOCK_BEGIN, BLOCK_END, PRINT_BEGIN, PRINT_END, NAME, STRING, INTEGER, FLOAT, OPERATOR, END }

    record Token(Kind kind, String text, int line) {
        boolean isName(String name) {
            return kind == Kind.NAME && text.equals(name);
        }

        boolean isOperator(String operator) {
            return kind == Kind.OPERATOR && text.equals(operator);
        }
    }

    private static final int UNICODE = Pattern.UNICODE_CHARACTER_CLASS | Pattern.DOTALL;
    private static final Pattern TAG = Pattern.compile("\\{[{%#]");
    private static final Pattern RAW = Pattern.compile("\\s*raw\\s*(?:-%\\}\\s*|%\\})", UNICODE);
    private static final Pattern RAW_END = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%\\}|-%\\}\\s*|%\\}\\n?)",
            UNICODE);
    private static final Pattern COMMENT_END = Pattern.compile("\\+#\\}|-#\\}\\s*|#\\}\\n?", UNICODE);
    private static final Pattern BLOCK_END = Pattern.compile("\\+%\\}|-%\\}\\s*|%\\}\\n?", UNICODE);
    private static final Pattern PRINT_END = Pattern.compile("-\\}\\}\\s*|\\}\\}", UNICODE);
    private static final Pattern WORD = Pattern.compile("(?<space>\\s+)"
            + "|(?<float>\\d[\\d_]*(?:(?:\\.\\d[\\d_]*)?[eE][+-]?\\d[\\d_]*|\\.\\d[\\d_]*))"
            + "|(?<integer>0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|\\d(?:_?\\d)*)"
            + "|(?<name>[\\w&&[^\\d]]\\w*)"
            + "|(?<string>'[^'\\\\]*+(?:\\\\.[^'\\\\]*+)*+'|\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\")"
            + "|(?<operator>\\*\\*|//|==|!=|>=|<=|[-+/*%~\\[\\](){}><=.:|,;])", UNICODE);
    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int counted;
    private int line = 1;
    private boolean lineStarting = true;

    Lexer(String source) {
        String lines = source.replace("\r\n", "\n").replace('\r', '\n');
        this.source = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
    }

    List<Token> tokens() {
        Matcher tag = TAG.matcher(source);
        while (tag.find(at)) {
            int open = tag.start();
            char kind = source.charAt(open + 1);
            String sign = source.startsWith("-", open + 2) ? "-" : source.startsWith("+", open + 2) ? "+" : "";
            data(before(source.substring(at, open), sign, kind != '{'));
            int inside = open + 2 + sign.length();
            Matcher raw = RAW.matcher(source).region(inside, source.length());
            if (kind == '#') skipComment(inside);
            else if (kind == '%' && raw.lookingAt()) raw(raw.end());
            else if (kind == '%') tag(inside, Kind.BLOCK_BEGIN, Kind.BLOCK_END, BLOCK_END);
            else tag(inside, Kind.PRINT_BEGIN, Kind.PRINT_END, PRINT_END);
            lineStarting = source.charAt(at - 1) == '\n';
        }
        data(source.substring(at));
        add(Kind.END, "end of template");
        return tokens;
    }

    /** The text before a tag, without what the tag's sign or lstrip_blocks takes. */
    private String before(String text, String sign, boolean stripsLine) {
        if (sign.equals("-")) return Strings.strip(text, null, false, true);
        if (sign.equals("+") || !stripsLine) return text;
        int line = text.lastIndexOf('\n') + 1;
        boolean onlySpace = line < text.length() && Strings.strip(text.substring(line), null, true, true).isEmpty();
        return (line > 0 || lineStarting) && onlySpace ? text.substring(0, line) : text;
    }

    private void data(String text) {
        if (!text.isEmpty()) add(Kind.DATA, text);
    }

    private void add(Kind kind, String text) {
        for (; counted < at; counted++) if (source.charAt(counted) == '\n') line++;
        tokens.add(new Token(kind, text, line));
    }

    private void skipComment(int from) {
        Matcher end = COMMENT_END.matcher(source);
        if (!end.find(from)) throw new TemplateException("a comment is not closed");
        at = end.end();
    }

    private void raw(int from) {
        Matcher end = RAW_END.matcher(source);
        if (!end.find(from)) throw new TemplateException("a raw block is not closed");
        lineStarting = source.charAt(from - 1) == '\n';
        data(before(source.substring(from, end.start()), end.group(1), true));
        at = end.end();
    }

    private void tag(int from, Kind begin, Kind end, Pattern close) {
        at = from;
        add(begin, "");
        Deque<String> open = new ArrayDeque<>();
        while (at < source.length()) {
            Matcher closing = close.matcher(source).region(at, source.length());
            if (open.isEmpty() && closing.lookingAt()) {
                add(end, "end of tag");
                at = closing.end();
                return;
            }
            Matcher word = WORD.matcher(source).region(at, source.length());
            if (!word.lookingAt()) throw new TemplateException("unexpected character '" + source.charAt(at) + "'");
            word(word, open);
            at = word.end();
        }
        throw new TemplateException("a tag is not closed");
    }

    private void word(Matcher word, Deque<String> open) {
        String text = word.group();
        if (word.group("float") != null) add(Kind.FLOAT, text.replace("_", ""));
        else if (word.group("integer") != null) add(Kind.INTEGER, text.replace("_", ""));
        else if (word.group("name") != null) add(Kind.NAME, text);
        else if (word.group("string") != null) add(Kind.STRING, Strings.unescape(text.substring(1, text.length() - 1)));
        else if (word.group("operator") != null) {
            if ("([{".contains(text)) open.push(text.equals("(") ? ")" : text.equals("[") ? "]" : "}");
            if (")]}".contains(text) && (open.isEmpty() || !open.pop().equals(text)))
                throw new TemplateException("unexpected '" + text + "'");
            add(Kind.OPERATOR, text);
        }
    }
}
