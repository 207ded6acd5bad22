package graft.generation;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What stands before a passage's number in an answer, as what it may claim: texts in quotation marks, else whole
 * statements. Immutable.
 *
 * @param quotations in the order of the text; none: it quotes nothing expressly
 * @param statements that may stand in the passage, the nearest to the number first
 */
record Claim(List<String> quotations, List<String> statements) {
    private static final Pattern QUOTED = Pattern.compile("\u201E([^\u201C\u201D]+)[\u201C\u201D]|\"([^\"]+)\""
            + "|\u201C([^\u201D]+)\u201D|\u00AB([^\u00BB]+)\u00BB");
    private static final Pattern BORDER = Pattern.compile("[.!?]['\")\u201D\u00BB]?\\s+(?=\\S)|\\n");
    private static final Pattern PARAGRAPH = Pattern.compile("\\n\\s*\\n");
    private static final Pattern ITEM = Pattern.compile("^(?:[-*\u2022>]\\s+|[,;.]\\s*)+");
    /** A statement of fewer words would be found by chance. */
    private static final int LEAST_WORDS = 3;
    /** Sentences that one number may stand for. */
    private static final int MOST_SENTENCES = 4;
    /** Characters that one number may stand for. */
    private static final int MOST_LENGTH = 4000;

    /** @param before from the number before, or the begin of the answer, to this number */
    static Claim of(String before) {
        String text = before.substring(Math.max(0, before.length() - MOST_LENGTH)).stripTrailing();
        Matcher paragraph = PARAGRAPH.matcher(text);
        int begin = 0;
        while (paragraph.find()) begin = paragraph.end();
        text = text.substring(begin);
        List<Integer> borders = borders(text);
        return new Claim(quotations(text, borders.getLast()), statements(text, borders));
    }

    private static List<Integer> borders(String text) {
        List<Integer> borders = new ArrayList<>(List.of(0));
        Matcher border = BORDER.matcher(text);
        while (border.find()) if (border.end() < text.length()) borders.add(border.end());
        return borders;
    }

    /** Of the last sentence; a quotation of several sentences reaches into it. */
    private static List<String> quotations(String text, int sentence) {
        List<String> found = new ArrayList<>();
        Matcher quoted = QUOTED.matcher(text);
        while (quoted.find()) {
            for (int group = 1; group <= quoted.groupCount() && quoted.end() > sentence; group++) {
                if (quoted.group(group) != null) found.add(quoted.group(group));
            }
        }
        // a lone mark before it, as in 5" pipes, pairs all that follow wrongly
        int last = text.lastIndexOf('"');
        int opening = text.lastIndexOf('"', last - 1);
        boolean odd = text.chars().filter(c -> c == '"').count() % 2 == 1;
        if (odd && opening >= 0 && last > sentence && opening + 1 < last) {
            found.clear();
            found.add(text.substring(opening + 1, last));
        }
        return List.copyOf(found);
    }

    private static List<String> statements(String text, List<Integer> borders) {
        List<String> found = new ArrayList<>();
        for (int start : borders.reversed().subList(0, Math.min(MOST_SENTENCES, borders.size()))) {
            String statement = ITEM.matcher(text.substring(start).strip()).replaceFirst("");
            if (statement.split("\\s+").length >= LEAST_WORDS) found.add(statement);
        }
        return List.copyOf(found);
    }
}
