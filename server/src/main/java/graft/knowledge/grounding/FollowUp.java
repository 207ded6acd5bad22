package graft.knowledge.grounding;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Makes a question of a conversation self-contained without a model: one that leans on what was said before ("And its
 * weight?") is searched for together with the questions before it, back to the last that stood alone. Both legs then
 * see the names that it left out. One that stands alone is searched for as it is, so that a new topic is not mixed with
 * the old one. Stateless.
 */
public final class FollowUp {
    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}]+");
    /** Words that point at something said before; English, German, French and Spanish. */
    private static final Set<String> POINTING = Set.of("it", "its", "they", "them", "their", "theirs", "he", "him",
            "his", "she", "her", "hers", "this", "that", "these", "those", "one", "ones", "same", "there", "former",
            "latter", "both", "else", "er", "ihm", "ihn", "sein", "seine", "ihr", "ihre", "es", "dessen", "deren",
            "diese", "dieser", "dieses", "davon", "damit", "dort", "elle", "lui", "leur", "celui", "celle", "ello",
            "ella", "su", "sus", "ese", "esa", "eso");
    /** How a question begins that goes on with another. */
    private static final Pattern GOES_ON = Pattern.compile("^(?:and|but|or|so|then|also|what about|how about|why|und"
            + "|aber|oder|warum|wieso|et|mais|pourquoi|y|pero)\\b", Pattern.UNICODE_CASE);
    /** Fewer words name nothing by themselves. */
    private static final int LEAST_WORDS = 4;
    /** How far back to look. */
    private static final int MOST_QUESTIONS = 4;

    private FollowUp() {}

    /**
     * @param questions of the user, the present one last
     * @return what to search for
     */
    public static String selfContained(List<String> questions) {
        int first = questions.size() - 1;
        int earliest = Math.max(0, questions.size() - MOST_QUESTIONS);
        while (first > earliest && leans(questions.get(first))) first--;
        return String.join(" ", questions.subList(first, questions.size()));
    }

    private static boolean leans(String question) {
        String text = question.strip().toLowerCase(Locale.ROOT);
        if (GOES_ON.matcher(text).find()) return true;
        List<String> words = WORD.matcher(text).results().map(word -> word.group()).toList();
        return words.size() < LEAST_WORDS && words.stream().noneMatch(FollowUp::isName)
                || words.stream().anyMatch(POINTING::contains);
    }

    private static boolean isName(String word) {
        return word.chars().anyMatch(Character::isDigit);
    }
}
