package graft.knowledge.parsing;

import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.poi.openxml4j.exceptions.InvalidFormatException;
import org.apache.poi.openxml4j.opc.OPCPackage;
import org.apache.poi.xwpf.usermodel.IBodyElement;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.apache.poi.xwpf.usermodel.XWPFParagraph;
import org.apache.poi.xwpf.usermodel.XWPFSDT;
import org.apache.poi.xwpf.usermodel.XWPFStyle;
import org.apache.poi.xwpf.usermodel.XWPFTable;
import org.apache.poi.xwpf.usermodel.XWPFTableCell;
import org.apache.poi.xwpf.usermodel.XWPFTableRow;

/** The body of a DOCX in its order: headings by their styles, numbered items counted, tables by rows. */
final class WordDocument {
    private static final Pattern HEADING = Pattern.compile("heading ?([1-9])");
    /** Of styles based on styles; a circle of them has no end. */
    private static final int LONGEST_ANCESTRY = 16;
    private static final int LEVELS = 9;
    private final XWPFDocument document;
    private final MarkdownWriter out;
    private final Map<BigInteger, int[]> numbers = new HashMap<>();

    private WordDocument(XWPFDocument document, MarkdownWriter out) {
        this.document = document;
        this.out = out;
    }

    static void write(byte[] bytes, MarkdownWriter out) throws IOException, InvalidFormatException {
        OPCPackage opened = OfficePackage.open(DocumentKind.DOCX, bytes);
        WordDocument word = new WordDocument(new XWPFDocument(opened), out);
        for (IBodyElement element : word.document.getBodyElements()) {
            switch (element) {
                case XWPFParagraph paragraph -> word.paragraph(paragraph);
                case XWPFTable table -> word.table(table);
                case XWPFSDT control -> out.paragraph(control.getContent().getText());
                default -> { } // POI's interface is open; it has no other elements
            }
        }
        opened.revert();
    }

    private void paragraph(XWPFParagraph paragraph) {
        String style = style(paragraph.getStyleID(), 0);
        int level = level(paragraph, style);
        if (level > 0) {
            out.heading(level, paragraph.getText());
        } else if (paragraph.getNumID() != null && paragraph.getNumID().signum() > 0) {
            BigInteger nesting = paragraph.getNumIlvl();
            int depth = nesting == null ? 0 : Math.clamp(nesting.intValue(), 0, LEVELS - 1);
            out.item(depth, marker(paragraph, depth), paragraph.getText());
        } else if (style.startsWith("list")) {
            out.item(0, "-", paragraph.getText());
        } else {
            out.paragraph(paragraph.getText());
        }
    }

    private String marker(XWPFParagraph paragraph, int depth) {
        String format = paragraph.getNumFmt();
        if (format == null || format.equals("bullet") || format.equals("none")) return "-";
        int[] counts = numbers.computeIfAbsent(paragraph.getNumID(), id -> new int[LEVELS]);
        counts[depth]++;
        for (int deeper = depth + 1; deeper < LEVELS; deeper++) counts[deeper] = 0;
        return counts[depth] + ".";
    }

    /** 0 for what is no heading. */
    private static int level(XWPFParagraph paragraph, String style) {
        if (style.equals("title")) return 1;
        Matcher heading = HEADING.matcher(style);
        if (heading.matches()) return heading.group(1).charAt(0) - '0';
        var properties = paragraph.getCTP().getPPr();
        if (properties == null || !properties.isSetOutlineLvl()) return 0;
        int outline = properties.getOutlineLvl().getVal().intValue();
        return outline >= 0 && outline < LEVELS ? outline + 1 : 0; // 9 is body text (ECMA-376, 17.3.1.20)
    }

    /** The name of the style, in lower case; of the nearest ancestor that says what it is. */
    private String style(String id, int ancestry) {
        if (id == null) return "";
        XWPFStyle style = document.getStyles() == null ? null : document.getStyles().getStyle(id);
        String name = (style == null || style.getName() == null ? id : style.getName()).toLowerCase(Locale.ROOT);
        boolean telling = name.equals("title") || name.startsWith("list") || HEADING.matcher(name).matches();
        if (telling || style == null || ancestry == LONGEST_ANCESTRY) return name;
        String base = style(style.getBasisStyleID(), ancestry + 1);
        return base.isEmpty() ? name : base;
    }

    private void table(XWPFTable table) {
        out.endTable();
        for (XWPFTableRow row : table.getRows()) {
            List<String> cells = new ArrayList<>();
            for (XWPFTableCell cell : row.getTableCells()) cells.add(cell.getTextRecursively());
            out.row(cells);
        }
        out.endTable();
    }
}
