package graft.knowledge.parsing;

import java.io.IOException;
import java.util.List;
import org.apache.poi.openxml4j.exceptions.InvalidFormatException;
import org.apache.poi.openxml4j.opc.OPCPackage;
import org.apache.poi.sl.usermodel.Placeholder;
import org.apache.poi.xslf.usermodel.XMLSlideShow;
import org.apache.poi.xslf.usermodel.XSLFGroupShape;
import org.apache.poi.xslf.usermodel.XSLFNotes;
import org.apache.poi.xslf.usermodel.XSLFShape;
import org.apache.poi.xslf.usermodel.XSLFSlide;
import org.apache.poi.xslf.usermodel.XSLFTable;
import org.apache.poi.xslf.usermodel.XSLFTableCell;
import org.apache.poi.xslf.usermodel.XSLFTableRow;
import org.apache.poi.xslf.usermodel.XSLFTextParagraph;
import org.apache.poi.xslf.usermodel.XSLFTextShape;

/** The slides of a PPTX, each a page under its title, with what the speaker notes say. */
final class SlidesDocument {
    private static final int MOST_NESTING = 64;
    private final MarkdownWriter out;

    private SlidesDocument(MarkdownWriter out) {
        this.out = out;
    }

    static void write(byte[] bytes, MarkdownWriter out) throws IOException, InvalidFormatException {
        OPCPackage opened = OfficePackage.open(DocumentKind.PPTX, bytes);
        SlidesDocument slides = new SlidesDocument(out);
        boolean first = true;
        for (XSLFSlide slide : new XMLSlideShow(opened).getSlides()) {
            if (!first) out.page();
            first = false;
            slides.slide(slide);
        }
        opened.revert();
    }

    private void slide(XSLFSlide slide) {
        String title = slide.getTitle();
        if (title != null) out.heading(1, title);
        shapes(slide.getShapes(), 0);
        XSLFNotes notes = slide.getNotes();
        if (notes == null) return;
        for (XSLFShape shape : notes.getShapes()) {
            if (shape instanceof XSLFTextShape words && words.getTextType() == Placeholder.BODY
                    && !words.getText().isBlank()) {
                out.heading(2, "Notes");
                out.paragraph(words.getText());
            }
        }
    }

    private void shapes(List<XSLFShape> shapes, int nesting) {
        for (XSLFShape shape : shapes) {
            switch (shape) {
                case XSLFTextShape words when !isTitle(words) -> words.getTextParagraphs().forEach(this::paragraph);
                case XSLFTable table -> table(table);
                case XSLFGroupShape group when nesting < MOST_NESTING -> shapes(group.getShapes(), nesting + 1);
                default -> { } // pictures, lines and charts hold no text of their own
            }
        }
    }

    private static boolean isTitle(XSLFTextShape shape) {
        return shape.getTextType() == Placeholder.TITLE || shape.getTextType() == Placeholder.CENTERED_TITLE;
    }

    private void paragraph(XSLFTextParagraph paragraph) {
        if (paragraph.isBullet() || paragraph.getIndentLevel() > 0) {
            out.item(paragraph.getIndentLevel(), "-", paragraph.getText());
        } else {
            out.paragraph(paragraph.getText());
        }
    }

    private void table(XSLFTable table) {
        out.endTable();
        for (XSLFTableRow row : table.getRows()) out.row(row.getCells().stream().map(XSLFTableCell::getText).toList());
        out.endTable();
    }
}
