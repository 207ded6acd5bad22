package graft.knowledge;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;

/**
 * A text as the units that chunks are packed from: sentences of prose, lines of tables, code and data, each with the
 * headings it stands under. Units follow each other without gaps; all positions are UTF-16 indices at code point
 * borders.
 */
final class Outline {
    /** How good a place for a cut the start of a unit is. */
    enum Border { WORD, SENTENCE, PARAGRAPH, SECTION }

    /** @param heading the headings above the unit, outermost first, by " > "; then " | " and a table's columns */
    record Unit(int start, int end, int tokens, Border border, String heading) {}

    /** More than any script needs: a longer unit is cut without asking the tokeniser about all of it. */
    private static final int CHARACTERS_PER_TOKEN = 16;
    /** Characters of a table's head that its later rows are indexed with. */
    private static final int MOST_HEAD = 200;
    private final String text;
    private final int mostTokens;
    private final ToIntFunction<String> counter;
    private final boolean markdown;
    private final boolean prose;
    private final List<Unit> units = new ArrayList<>();
    private final List<String> headings = new ArrayList<>();
    private String above = "";
    private boolean fenced;
    private final boolean columns;
    private String tableHead = "";

    private Outline(String text, String extension, int mostTokens, ToIntFunction<String> counter) {
        this.text = text;
        this.mostTokens = mostTokens;
        this.counter = counter;
        this.markdown = extension.equals("md") || extension.equals("markdown");
        this.columns = extension.equals("csv") || extension.equals("tsv");
        this.prose = !List.of("csv", "tsv", "json", "jsonl", "yaml", "yml").contains(extension);
    }

    /**
     * @param extension of the file's name, which tells Markdown and data from prose
     * @param mostTokens no unit has more, unless a single code point does
     * @param counter    tokens of a text
     */
    static List<Unit> of(String text, String extension, int mostTokens, ToIntFunction<String> counter) {
        Outline outline = new Outline(text, extension, mostTokens, counter);
        outline.walk();
        return outline.units;
    }

    /** Blocks are runs of lines that are not blank; headings, table rows and lines of code are blocks of their own. */
    private void walk() {
        int block = -1;
        Border next = Border.PARAGRAPH;
        for (int start = 0, end; start < text.length(); start = end) {
            end = lineEnd(start);
            String line = text.substring(start, end).strip();
            if (!columns && !isRow(line)) tableHead = "";
            if (!line.isEmpty() && !isLone(line)) {
                if (block < 0) block = start;
                continue;
            }
            if (block >= 0) {
                sentences(block, start, next);
                block = -1;
                next = Border.PARAGRAPH;
            }
            if (line.isEmpty()) {
                extendLast(end);
                next = lastIsHeading() ? Border.WORD : Border.PARAGRAPH;
            } else if (isHeading(line)) {
                enter(line);
                add(start, end, Border.SECTION);
                next = Border.WORD; // a heading is not cut from what it heads
            } else if (isRow(line)) {
                row(start, end, line, next);
                next = Border.SENTENCE;
            } else {
                add(start, end, next);
                next = Border.SENTENCE;
                if (isFence(line)) fenced = !fenced;
            }
        }
        if (block >= 0) sentences(block, text.length(), next);
    }

    private boolean isRow(String line) {
        return columns ? !line.isEmpty() : markdown && !fenced && line.startsWith("|");
    }

    /** Rows stay with the head of their table while they fit; those that don't have it as a heading of theirs. */
    private void row(int start, int end, String line, Border first) {
        boolean head = tableHead.isEmpty();
        add(start, end, head ? first : Border.WORD);
        if (!head) return;
        String cells = line.replaceAll("^\\||\\|$", "").strip();
        tableHead = columns ? cells : cells.replaceAll("\\s*\\|\\s*", ", ");
        if (tableHead.length() > MOST_HEAD) tableHead = tableHead.substring(0, tableHead.offsetByCodePoints(0,
                tableHead.codePointCount(0, MOST_HEAD)));
    }

    private int lineEnd(int start) {
        int newline = text.indexOf('\n', start);
        return newline < 0 ? text.length() : newline + 1;
    }

    private boolean isLone(String line) {
        return !prose || fenced || markdown && (isHeading(line) || line.startsWith("|") || isFence(line));
    }

    private static boolean isFence(String line) {
        return line.startsWith("```") || line.startsWith("~~~");
    }

    private boolean isHeading(String line) {
        if (!markdown || fenced || !line.startsWith("#")) return false;
        int level = level(line);
        return level <= 6 && (line.length() == level || line.charAt(level) == ' ' || line.charAt(level) == '\t');
    }

    private static int level(String line) {
        int level = 0;
        while (level < line.length() && line.charAt(level) == '#') level++;
        return level;
    }

    private boolean lastIsHeading() {
        return !units.isEmpty() && units.getLast().border() == Border.SECTION;
    }

    private void enter(String line) {
        int level = level(line);
        while (headings.size() >= level) headings.removeLast();
        while (headings.size() < level - 1) headings.add("");
        above = joined();
        headings.add(line.substring(level).strip().replaceAll("\\s+#+$", ""));
    }

    private String joined() {
        String path = String.join(" > ", headings.stream().filter(heading -> !heading.isEmpty()).toList());
        return tableHead.isEmpty() ? path : (path + " | " + tableHead).strip();
    }

    private void sentences(int start, int end, Border first) {
        BreakIterator breaks = BreakIterator.getSentenceInstance(Locale.ROOT);
        breaks.setText(text.substring(start, end));
        Border border = first;
        int from = breaks.first();
        for (int to = breaks.next(); to != BreakIterator.DONE; from = to, to = breaks.next()) {
            add(start + from, start + to, border);
            border = Border.SENTENCE;
        }
    }

    /** Adds a unit, in pieces where it has too many tokens. */
    private void add(int start, int end, Border border) {
        boolean one = text.codePointCount(start, end) < 2;
        if (one || end - start <= mostTokens * CHARACTERS_PER_TOKEN) {
            // What a tokeniser calls one unknown word may be thousands of characters.
            int tokens = Math.max(counter.applyAsInt(text.substring(start, end)), (end - start) / CHARACTERS_PER_TOKEN);
            if (one || tokens <= mostTokens) {
                // A heading stands under its parents only: its own words are in the text.
                units.add(new Unit(start, end, tokens, border, border == Border.SECTION ? above : joined()));
                return;
            }
        }
        int middle = cut(start, end);
        add(start, middle, border);
        add(middle, end, Border.WORD);
    }

    /** Near the middle, after white space if there is any, else between two code points. */
    private int cut(int start, int end) {
        int middle = start + (end - start) / 2;
        for (int distance = 0; distance < (end - start) / 4; distance++) {
            if (Character.isWhitespace(text.charAt(middle - distance))) return middle - distance + 1;
            if (Character.isWhitespace(text.charAt(middle + distance))) return middle + distance + 1;
        }
        return Character.isLowSurrogate(text.charAt(middle)) && Character.isHighSurrogate(text.charAt(middle - 1))
                ? middle + 1 : middle;
    }

    /** Blank lines belong to what stands before them. */
    private void extendLast(int end) {
        if (units.isEmpty()) return;
        Unit last = units.removeLast();
        units.add(new Unit(last.start(), end, last.tokens(), last.border(), last.heading()));
    }
}
