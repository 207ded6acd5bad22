package graft.weights;

import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression of an adapter's configuration with Python's meaning, run under a budget of steps: patterns are
 * strangers' input, and a nested quantifier may take centuries. What the two dialects read differently is refused.
 */
final class PythonPattern {
    private static final int LONGEST = 1000;
    private final String field;
    private final Pattern pattern;
    private long stepsLeft;

    /**
     * @param field what to call it in messages
     * @param steps characters that all matches together may look at
     */
    PythonPattern(String field, String expression, long steps) {
        this.field = field;
        this.stepsLeft = steps;
        if (expression.length() > LONGEST) {
            throw refused("is an expression of " + expression.length() + " characters, at most " + LONGEST
                    + " are allowed");
        }
        try {
            this.pattern = Pattern.compile(translated(expression));
        } catch (PatternSyntaxException invalid) {
            throw refused("is not a regular expression: "
                    + InvalidTensorFileException.printable(invalid.getDescription()));
        }
    }

    private String translated(String expression) {
        boolean inClass = false;
        for (int i = 0; i < expression.length(); i++) {
            char c = expression.charAt(i);
            if (c == '\\') i++;
            else if (inClass && (c == '[' || c == '&'
                    && expression.startsWith("&&",
                    i))) throw refused("has a character class that Python and Java read differently");
            else if (c == '[') inClass = true;
            else if (c == ']' && inClass) inClass = false;
            else if (expression.startsWith("(?P=",
                    i)) throw refused("has a named back-reference, which is not supported");
        }
        return expression.replaceAll("\\(\\?P<\\w+>", "(").replace("\\Z", "\\z");
    }

    /** Python's {@code re.fullmatch}. */
    boolean matchesAll(String text) {
        return within(() -> matcher(text).matches());
    }

    /** Python's {@code re.match}: from the beginning, not necessarily to the end. */
    boolean matchesStart(String text) {
        return within(() -> matcher(text).lookingAt());
    }

    /** The group of the first match from the beginning; empty text where nothing matches. */
    String groupOfStart(String text, int group) {
        Matcher matcher = matcher(text);
        return within(matcher::lookingAt) ? matcher.group(group) : "";
    }

    private Matcher matcher(String text) {
        return pattern.matcher(new Counted(text, 0, text.length()));
    }

    private boolean within(BooleanSupplier match) {
        try {
            return match.getAsBoolean();
        } catch (StackOverflowError tooDeep) {  // the engine recurses on nested groups; the stack is whole again here
            throw refused("is an expression that nests too deeply");
        }
    }

    private InvalidAdapterException refused(String why) {
        return new InvalidAdapterException("adapter_config.json: " + field + " " + why);
    }

    /** Lets the expression look at so many characters and no more. */
    private final class Counted implements CharSequence {
        private final String text;
        private final int from;
        private final int to;

        Counted(String text, int from, int to) {
            this.text = text;
            this.from = from;
            this.to = to;
        }

        @Override
        public int length() {
            return to - from;
        }

        @Override
        public char charAt(int index) {
            if (--stepsLeft < 0) throw refused("is an expression that takes too many steps");
            return text.charAt(from + index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return new Counted(text, from + start, from + end);
        }

        @Override
        public String toString() {
            return text.substring(from, to);
        }
    }
}
