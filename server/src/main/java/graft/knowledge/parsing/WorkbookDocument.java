package graft.knowledge.parsing;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.poi.openxml4j.exceptions.OpenXML4JException;
import org.apache.poi.openxml4j.opc.OPCPackage;
import org.apache.poi.ss.usermodel.DataFormatter;
import org.apache.poi.ss.util.CellReference;
import org.apache.poi.util.XMLHelper;
import org.apache.poi.xssf.eventusermodel.ReadOnlySharedStringsTable;
import org.apache.poi.xssf.eventusermodel.XSSFReader;
import org.apache.poi.xssf.eventusermodel.XSSFSheetXMLHandler;
import org.apache.poi.xssf.model.StylesTable;
import org.apache.poi.xssf.usermodel.XSSFComment;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.XMLReader;

/**
 * The sheets of an XLSX, each under its name: runs of rows are tables, an empty row ends one. Cells read as they are
 * shown (US form), formulas by the value that was saved with them. Sheets stream by; only shared strings are in memory.
 */
final class WorkbookDocument {
    private WorkbookDocument() {}

    static void write(byte[] bytes, MarkdownWriter out)
            throws IOException, OpenXML4JException, SAXException, ParserConfigurationException {
        OPCPackage opened = OfficePackage.open(DocumentKind.XLSX, bytes);
        XSSFReader workbook = new XSSFReader(opened);
        StylesTable styles = workbook.getStylesTable();
        ReadOnlySharedStringsTable strings = new ReadOnlySharedStringsTable(opened);
        XSSFReader.SheetIterator sheets = (XSSFReader.SheetIterator) workbook.getSheetsData();
        while (sheets.hasNext()) {
            try (InputStream in = sheets.next()) {
                XMLReader reader = XMLHelper.newXMLReader();
                reader.setContentHandler(new XSSFSheetXMLHandler(styles, strings,
                        new Rows(sheets.getSheetName(), out), new DataFormatter(Locale.US), false));
                reader.parse(new InputSource(in));
            }
        }
        opened.revert();
    }

    /** Rows of one sheet as they come. */
    private static final class Rows implements XSSFSheetXMLHandler.SheetContentsHandler {
        private final String name;
        private final MarkdownWriter out;
        private final List<String> cells = new ArrayList<>();
        private int lastFilled = -1;
        private boolean named;

        Rows(String name, MarkdownWriter out) {
            this.name = name;
            this.out = out;
        }

        @Override
        public void startRow(int number) {
            cells.clear();
            if (number > lastFilled + 1) out.endTable();
        }

        @Override
        public void cell(String reference, String value, XSSFComment comment) {
            int column = reference == null ? cells.size() : new CellReference(reference).getCol();
            while (cells.size() < column) cells.add("");
            cells.add(value == null ? "" : value);
        }

        @Override
        public void endRow(int number) {
            while (!cells.isEmpty() && cells.getLast().isBlank()) cells.removeLast();
            if (cells.isEmpty()) return;
            if (!named) out.heading(1, name); // a sheet without cells has nothing to head
            named = true;
            out.row(cells);
            lastFilled = number;
        }
    }
}
