package graft.knowledge.parsing;

import java.util.ArrayList;
import java.util.List;

/**
 * Builds stored text: headings with '#', list items, table rows and paragraphs, blocks apart by a blank line, pages by
 * a line that holds a form feed (so the number of form feeds before an offset is the number of full pages before it).
 * White space is made plain, control and invisible characters are left out; the same calls give the same text.
 * Belongs to one thread. Throws {@link DocumentRefusedException} when the text gets larger than it may.
 */
final class MarkdownWriter {
    private static final char PAGE = '\f';
    private static final int MEBIBYTE = 1 << 20;
    private final StringBuilder text = new StringBuilder();
    private final int mostBytes;
    private long bytes;
    private Block last = Block.OTHER;

    /** Items and rows follow each other without a blank line. */
    private enum Block { ITEM, ROW, OTHER }

    /** @param mostBytes of the text in UTF-8 */
    MarkdownWriter(int mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** @param level 1 for the outermost; deeper ones than Markdown knows count as 6 */
    void heading(int level, String words) {
        String line = line(words);
        if (!line.isEmpty()) block(Block.OTHER, "#".repeat(Math.clamp(level, 1, 6)) + " " + line);
    }

    /** Line breaks stay; blank lines part paragraphs. */
    void paragraph(String words) {
        List<String> lines = new ArrayList<>();
        for (String raw : words.split("\\R", -1)) {
            String line = line(raw);
            if (!line.isEmpty()) {
                lines.add(line);
            } else if (!lines.isEmpty()) {
                block(Block.OTHER, String.join("\n", lines));
                lines.clear();
            }
        }
        if (!lines.isEmpty()) block(Block.OTHER, String.join("\n", lines));
    }

    /** @param depth 0 for an outermost list; @param marker "-", "1." or blank for more of the item before */
    void item(int depth, String marker, String words) {
        String line = line(words);
        if (!line.isEmpty()) block(Block.ITEM, "  ".repeat(Math.clamp(depth, 0, 8)) + marker + " " + line);
    }

    /** The first row of a table is its head. Rows without any text are left out. */
    void row(List<String> cells) {
        List<String> lines = cells.stream().map(cell -> line(cell).replace("|", "\\|")).toList();
        if (lines.stream().allMatch(String::isEmpty)) return;
        boolean head = last != Block.ROW;
        block(Block.ROW, "| " + String.join(" | ", lines) + " |");
        if (head) block(Block.ROW, "|" + " --- |".repeat(lines.size()));
    }

    /** The next row begins another table. */
    void endTable() {
        if (last == Block.ROW) last = Block.OTHER;
    }

    /** Text whose spaces and lines mean something. */
    void code(String words) {
        StringBuilder kept = new StringBuilder();
        words.codePoints().forEach(point -> {
            if (point == '\n' || point == '\t' || !isDropped(point)) kept.appendCodePoint(sound(point));
        });
        if (!kept.toString().isBlank()) block(Block.OTHER, "```\n" + kept.toString().strip() + "\n```");
    }

    /** Ends a page. */
    void page() {
        if (!text.isEmpty() && text.charAt(text.length() - 1) != '\n') append("\n");
        append(PAGE + "\n");
        last = Block.OTHER;
    }

    private void block(Block kind, String words) {
        if (!text.isEmpty() && text.charAt(text.length() - 1) != '\n') {
            append(kind == Block.OTHER || kind != last ? "\n\n" : "\n");
        }
        append(words);
        last = kind;
    }

    private void append(String words) {
        for (int i = 0; i < words.length(); i++) {
            char unit = words.charAt(i);
            bytes += unit < 0x80 ? 1 : unit < 0x800 || Character.isSurrogate(unit) ? 2 : 3;
        }
        if (bytes > mostBytes) {
            throw DocumentRefusedException.unsupported("The file holds more than " + mostBytes / MEBIBYTE
                    + " MiB of text: split it.");
        }
        text.append(words);
    }

    /** One line with single spaces, without what nobody sees. */
    static String line(String words) {
        StringBuilder line = new StringBuilder(words.length());
        words.codePoints().forEach(point -> {
            boolean space = Character.isWhitespace(point) || Character.isSpaceChar(point);
            if (space) {
                if (!line.isEmpty() && line.charAt(line.length() - 1) != ' ') line.append(' ');
            } else if (!isDropped(point)) {
                line.appendCodePoint(sound(point));
            }
        });
        return line.toString().stripTrailing();
    }

    /** Control characters, and soft hyphens, zero-width spaces, direction marks and their like. */
    private static boolean isDropped(int point) {
        int type = Character.getType(point);
        // Joiners make letters and emoji what they are.
        return type == Character.CONTROL || type == Character.FORMAT && point != 0x200C && point != 0x200D;
    }

    private static int sound(int point) {
        return point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE ? 0xFFFD : point;
    }

    /** What was written, with a line end at its end. */
    String text() {
        return text.isEmpty() || text.charAt(text.length() - 1) == '\n' ? text.toString() : text + "\n";
    }
}
