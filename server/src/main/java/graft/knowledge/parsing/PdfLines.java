package graft.knowledge.parsing;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.text.PDFTextStripper;
import org.apache.pdfbox.text.TextPosition;

/** The lines of each page as PDFBox finds them, with their size. */
final class PdfLines extends PDFTextStripper {
    private final List<List<Line>> pages = new ArrayList<>();
    private final StringBuilder line = new StringBuilder();
    private float size;
    private boolean startsParagraph;

    /** @param size the largest of its characters, in half points; @param startsParagraph by its distance or indent */
    record Line(String text, float size, boolean startsParagraph) {}

    private PdfLines() {}

    /** One list a page, empty for pages without text. */
    static List<List<Line>> of(PDDocument document) throws IOException {
        PdfLines lines = new PdfLines();
        lines.writeText(document, Writer.nullWriter());
        lines.reach(document.getNumberOfPages());
        return lines.pages;
    }

    /** Pages without content are not announced. */
    private void reach(int page) {
        while (pages.size() < page) pages.add(new ArrayList<>());
    }

    @Override
    protected void startPage(PDPage page) {
        reach(getCurrentPageNo());
    }

    @Override
    protected void endPage(PDPage page) {
        endLine();
    }

    @Override
    protected void writeString(String text, List<TextPosition> positions) {
        line.append(text);
        for (TextPosition position : positions) size = Math.max(size, Math.round(position.getFontSizeInPt() * 2) / 2f);
    }

    @Override
    protected void writeWordSeparator() {
        line.append(' ');
    }

    @Override
    protected void writeLineSeparator() {
        endLine();
    }

    @Override
    protected void writeParagraphStart() {
        endLine();
        startsParagraph = true;
    }

    @Override
    protected void writeParagraphEnd() {
        endLine();
    }

    private void endLine() {
        String text = MarkdownWriter.line(line.toString());
        line.setLength(0);
        if (text.isEmpty()) return;
        pages.getLast().add(new Line(text, size, startsParagraph));
        size = 0;
        startsParagraph = false;
    }
}
