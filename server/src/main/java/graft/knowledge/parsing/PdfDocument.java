package graft.knowledge.parsing;

import java.io.IOException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.encryption.InvalidPasswordException;
import org.apache.pdfbox.pdmodel.font.FontMappers;

/**
 * The text layer of a PDF by PDFBox, page by page. A PDF knows lines and sizes only: what is larger than the text that
 * most characters are set in is taken for a heading, and the lines of a paragraph are joined, as far as they are full.
 */
final class PdfDocument {
    /** Sizes over the body's by less are still body text. */
    private static final float HEADING = 1.15f;
    private static final int LONGEST_HEADING = 200;
    /** A line this much shorter than its page's longest was ended on purpose. */
    private static final double FULL = 0.6;
    private static final Pattern ITEM = Pattern.compile(
            "(?:[\\u2022\\u2023\\u25AA\\u25CF\\u2013*-]|\\d{1,3}[.)])\\s.*");
    private final MarkdownWriter out;
    private final float body;
    private final List<Float> headings;

    private PdfDocument(MarkdownWriter out, float body, List<Float> headings) {
        this.out = out;
        this.body = body;
        this.headings = headings;
    }

    static void write(byte[] bytes, MarkdownWriter out) throws IOException {
        // PDFBox would search what is left of it for objects, and nobody would know what is missing.
        if (!Magic.hasPdfEnd(bytes)) throw DocumentRefusedException.invalid(
                "The PDF has no end mark (%%EOF): it is truncated. Upload it whole.");
        FontMappers.set(BundledFont.load());
        try (PDDocument document = Loader.loadPDF(bytes)) {
            List<List<PdfLines.Line>> pages = PdfLines.of(document);
            if (pages.stream().allMatch(List::isEmpty)) {
                throw DocumentRefusedException.unsupported("The PDF has no text layer on its " + pages.size()
                        + " page(s): scanned pages need OCR first.");
            }
            SortedMap<Float, Integer> sizes = new TreeMap<>();
            pages.forEach(page -> page.forEach(line -> sizes.merge(line.size(), line.text().length(), Integer::sum)));
            int most = sizes.values().stream().max(Integer::compare).orElse(0);
            float body = sizes.keySet().stream().filter(size -> sizes.get(size) == most).findFirst().orElse(0f);
            List<Float> headings = sizes.keySet().stream().filter(size -> size >= body * HEADING).toList().reversed();
            PdfDocument pdf = new PdfDocument(out, body, headings);
            for (int i = 0; i < pages.size(); i++) {
                if (i > 0) out.page();
                pdf.page(pages.get(i));
            }
        } catch (InvalidPasswordException e) {
            throw DocumentRefusedException.unsupported("The PDF is encrypted: remove its password and upload it"
                    + " again.");
        }
    }

    private void page(List<PdfLines.Line> lines) {
        int longest = lines.stream().filter(line -> !isHeading(line)).mapToInt(line -> line.text().length()).max()
                .orElse(0);
        StringBuilder block = new StringBuilder();
        PdfLines.Line before = null;
        for (PdfLines.Line line : lines) {
            boolean apart = before != null && (line.startsParagraph() && !(isHeading(line) && isHeading(before))
                    || isHeading(line) != isHeading(before) || isHeading(line) && line.size() != before.size());
            if (apart) end(block, before);
            join(block, line, before == null ? 0 : before.text().length(), longest);
            before = line;
        }
        if (before != null) end(block, before);
    }

    private boolean isHeading(PdfLines.Line line) {
        return line.size() >= body * HEADING && line.text().length() <= LONGEST_HEADING
                && line.text().chars().anyMatch(Character::isLetter);
    }

    private void end(StringBuilder block, PdfLines.Line last) {
        if (isHeading(last)) out.heading(headings.indexOf(last.size()) + 1, block.toString());
        else out.paragraph(block.toString());
        block.setLength(0);
    }

    private static void join(StringBuilder block, PdfLines.Line line, int before, int longest) {
        String text = line.text();
        if (!block.isEmpty()) {
            if (before < longest * FULL || ITEM.matcher(text).matches()) {
                block.append('\n');
            } else if (Character.isLowerCase(text.codePointAt(0)) && endsInBrokenWord(block)) {
                block.setLength(block.length() - 1); // the hyphen was the typesetter's
            } else {
                block.append(' ');
            }
        }
        block.append(text);
    }

    /** Whether the text ends in a word of letters and one hyphen. */
    private static boolean endsInBrokenWord(StringBuilder text) {
        int hyphen = text.length() - 1;
        int start = hyphen;
        while (start > 0 && Character.isLetter(text.charAt(start - 1))) start--;
        return text.charAt(hyphen) == '-' && start < hyphen && (start == 0 || text.charAt(start - 1) != '-');
    }
}
