package graft.weights.pattern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionTest {
    private static final long STEPS = 2_000_000;

    private static boolean all(String expression, String text) {
        return Expression.parse(expression).matchesAll(text, new Steps(STEPS));
    }

    /** Each answer is what CPython 3.11's re.fullmatch gives. */
    @ParameterizedTest
    @CsvSource(delimiterString = " ; ", quoteCharacter = '"', value = {
            ".*\\.(q|v)_proj ; model.layers.0.self_attn.v_proj ; true",
            ".*\\.(q|v)_proj ; model.layers.0.self_attn.k_proj ; false",
            "(?:.*?(?:language|text).*?(?:self_attn|mlp).*?(?:q_proj|up_proj).*?) ; text.0.self_attn.q_proj ; true",
            "model\\.layers\\.([0-9]|1[0-5])\\.mlp\\..* ; model.layers.15.mlp.up_proj ; true",
            "model\\.layers\\.([0-9]|1[0-5])\\.mlp\\..* ; model.layers.16.mlp.up_proj ; false",
            "a{2,3} ; aaa ; true", "a{2,3} ; aaaa ; false", "a{,2} ; aa ; true", "a{2 ; a{2 ; true", "a{,} ; aaa ; true",
            "a{} ; a{} ; true",
            "(a|ab)(c|bcd)(d*) ; abcd ; true", "(a)(b)?\\2 ; abb ; true", "(a)(b)?\\2 ; a ; false",
            "(?P<x>ab)(?P=x) ; abab ; true", "x*+x ; xxx ; false", "(?>a|ab)c ; abc ; false", "a++b ; aab ; true",
            "[^.]+ ; abc ; true", "[^.]+ ; a.c ; false", "[]a]+ ; ]a ; true", "[a\\-z]+ ; -z ; true",
            "[\\w.]+ ; a_1. ; true",
            "(?!.*lm_head).* ; model.lm_head ; false", "(?!.*lm_head).* ; model.q ; true",
            ".*(?<!0)\\.q ; 10.q ; false",
            ".*(?<=1)\\.q ; 11.q ; true", "(?i)Q_PROJ ; q_proj ; true", "a*? ; aaa ; true", "a.c ; abc ; true",
            "(|a)+ ; aa ; true", "(a*)* ; aaa ; true", "(a*)+ ; b ; false", "(a?){3} ; a ; true", "\\bq\\b ; q ; true",
            "(?:){400}a ; a ; true", "[[a]+ ; [a ; true", "[a&&b]+ ; a&b ; true", "\\x61 ; a ; true", "^a$ ; a ; true"})
    void expressionsMeanWhatPythonMeans(String expression, String text, boolean matches) {
        assertEquals(matches, all(expression, text));
    }

    @Test
    void aDollarStandsBeforeALastNewlineAndADotIsNone() {
        assertFalse(all("a$", "a\n"));
        assertTrue(Expression.parse("a$").matchesStart("a\n", new Steps(STEPS)));
        assertFalse(Expression.parse("a\\Z").matchesStart("a\n", new Steps(STEPS)));
        assertFalse(all("a.b", "a\nb"));
    }

    @Test
    void groupsHoldWhatTheFirstMatchGaveThem() {
        Expression layers = Expression.parse("(.*?)\\.[^.]*\\.(\\d+)\\.");
        assertEquals("17", layers.groupOfStart("model.layers.17.mlp", 2, new Steps(STEPS)));
        assertEquals("", layers.groupOfStart("lm_head", 2, new Steps(STEPS)));
        assertEquals("", layers.groupOfStart("model.layers.17.mlp", 3, new Steps(STEPS)));
    }

    /** Java's engine would run for years on most of these, some without ever looking at the text. */
    @ParameterizedTest
    @ValueSource(strings = {"(a*)*b", "(a|a)*b", "(.*.*.*.*.*.*.*.*)*x", ".*(?:|||||){20}x", "(?:){999999999}",
            "((?:){1000000}){1000000}", "(((a{1,100}){1,100}){1,100}){1,100}b", "(?:(?:|a)(?:|a)){30}b",
            "(?=(a*)*b)", "(?<=(a*)*b)a", "(a?){100}a{100}b", "((((((.*)*)*)*)*)*)*x"})
    void hostileExpressionsEndAtTheirBudget(String hostile) {
        String text = "a".repeat(60);
        InvalidExpressionException refused = assertThrows(InvalidExpressionException.class, () -> all(hostile, text));
        assertTrue(refused.getMessage().matches("is an expression that .*(steps|often|deeply)"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", ")", "[", "a\\", "*", "+a", "a**", "a{2}{3}", "a{3,2}", "(?P<1>a)", "(?P<a>b)(?P<a>c)",
            "(?P=a)", "\\1", "(a)\\2", "[z-a]", "\\q", "\\x1", "(?#a)", "(?s)a", "(?(1)a|b)", "^*", "a{9999999999}"})
    void whatPythonRefusesOrWeLackIsRefused(String bad) {
        assertThrows(InvalidExpressionException.class, () -> Expression.parse(bad));
    }

    @Test
    void longOrDeepExpressionsAreRefusedBeforeTheyAreMatched() {
        assertThrows(InvalidExpressionException.class, () -> Expression.parse("a".repeat(1001)));
        assertThrows(InvalidExpressionException.class, () -> Expression.parse("(".repeat(400) + ")".repeat(400)));
        assertTrue(all("a".repeat(1000), "a".repeat(1000)));
    }

    @Test
    void simpleExpressionsAgreeWithJavaWhichReadsThemAlike() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        List<String> parts = List.of("a", "b", ".", "(a|b)", "(ab|a)", "[ab]", "[^a]", "a*", "b+", "(a|b)*", "(ab)?",
                "a{1,2}",
                "(a|ab)(c|bcd)?", "b*?", "(?:a|c)+", "(a*)b", "c");
        for (int i = 0; i < 3000; i++) {
            StringBuilder expression = new StringBuilder();
            for (int part = random.nextInt(1, 5); part > 0; part--)
                expression.append(parts.get(random.nextInt(parts.size())));
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(7); length > 0; length--) text.append("abc".charAt(random.nextInt(3)));
            assertEquals(Pattern.matches(expression.toString(), text), all(expression.toString(), text.toString()),
                    expression + " on " + text);
        }
    }
}
