package graft.knowledge.parsing;

import java.awt.Rectangle;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.poi.poifs.crypt.EncryptionInfo;
import org.apache.poi.poifs.crypt.EncryptionMode;
import org.apache.poi.poifs.crypt.Encryptor;
import org.apache.poi.poifs.filesystem.POIFSFileSystem;
import org.apache.poi.sl.usermodel.Placeholder;
import org.apache.poi.xslf.usermodel.SlideLayout;
import org.apache.poi.xslf.usermodel.XMLSlideShow;
import org.apache.poi.xslf.usermodel.XSLFSlide;
import org.apache.poi.xslf.usermodel.XSLFTable;
import org.apache.poi.xslf.usermodel.XSLFTableRow;
import org.apache.poi.xslf.usermodel.XSLFTextShape;
import org.apache.poi.xssf.usermodel.XSSFSheet;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.apache.poi.xwpf.usermodel.XWPFParagraph;
import org.apache.poi.xwpf.usermodel.XWPFTable;

/** One document of each kind about pump station Orla, made as users' programs make them. */
public final class SampleDocuments {
    private static final List<List<String>> TABLE =
            List.of(List.of("Part", "Mass"), List.of("Impeller", "12 kg"), List.of("Shaft", "30 kg"));

    private SampleDocuments() {}

    public static byte[] html() {
        return """
                <!doctype html><html><head><title>Orla</title><style>p { color: red }</style>
                <base href="http://192.0.2.1/"><script>document.write('no')</script></head><body>
                <h1>Station <em>Orla</em></h1><p>The pump was
                built in&nbsp;1987.<br>It still runs. \ud834\udd1e</p><h2>Parts</h2>
                <ul><li>Rotor<ol><li>blade</li><li>hub</li></ol></li><li><p>Seal</p><p>of rubber</p></li></ul>
                <table><tr><th>Part</th><th>Mass</th></tr><tr><td>Impeller</td><td>12 kg</td></tr>
                <tr><td>Shaft|axle</td><td>30 kg</td></tr></table>
                <pre>a  b
                  c</pre><img src="http://192.0.2.1/x.png" alt="A drawing">
                <p hidden>secret</p><div style="display: none">unseen</div></body></html>"""
                .getBytes(StandardCharsets.UTF_8);
    }

    public static byte[] email() {
        return """
                From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>
                To: Ops <ops@example.org>
                Subject: =?utf-8?B?V2FydHVuZyBkZXIgUHVtcGU=?=
                Date: Mon, 1 Jun 2026 09:00:00 +0000
                MIME-Version: 1.0
                Content-Type: multipart/mixed; boundary=outer

                --outer
                Content-Type: multipart/alternative; boundary=inner

                --inner
                Content-Type: text/plain; charset=iso-8859-1
                Content-Transfer-Encoding: quoted-printable

                Die Pumpe Orla l=E4uft.

                Bitte das =D6l wechseln.
                --inner
                Content-Type: text/html

                <p>the rich one</p>
                --inner--
                --outer
                Content-Type: application/pdf; name="plan.pdf"
                Content-Disposition: attachment; filename="plan.pdf"
                Content-Transfer-Encoding: base64

                JVBERi0=
                --outer--
                """.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** Two pages with text and an empty one between them. */
    public static byte[] pdf() throws IOException {
        try (PDDocument document = pdfDocument()) {
            return saved(document);
        }
    }

    /** Each page says its number, and enough of pumps for several small chunks. */
    public static byte[] longPdf(int pages) throws IOException {
        try (PDDocument document = new PDDocument()) {
            for (int number = 1; number <= pages; number++) {
                PDPage page = new PDPage();
                document.addPage(page);
                try (PDPageContentStream content = new PDPageContentStream(document, page)) {
                    line(content, 24, 740, "Page " + number);
                    for (int i = 0; i < 30; i++) {
                        line(content, 11, 700 - 15 * i, "Sentence " + i + " of page " + number
                                + " says that pump " + number * 100 + i + " was looked at.");
                    }
                }
            }
            return saved(document);
        }
    }

    private static PDDocument pdfDocument() throws IOException {
        PDDocument document = new PDDocument();
        PDPage page = new PDPage();
        document.addPage(page);
        try (PDPageContentStream content = new PDPageContentStream(document, page)) {
            line(content, 24, 700, "Station Orla");
            line(content, 11, 660, "The pump of the station was built in 1987 by the works and has been main-");
            line(content, 11, 647, "tained every year since then by the people of the station itself, who know");
            line(content, 11, 634, "it well.");
            line(content, 16, 580, "Parts");
            line(content, 11, 550, "The impeller weighs 12 kg.");
        }
        document.addPage(new PDPage());
        PDPage last = new PDPage();
        document.addPage(last);
        try (PDPageContentStream content = new PDPageContentStream(document, last)) {
            line(content, 11, 700, "The shaft weighs 30 kg.");
        }
        return document;
    }

    private static void line(PDPageContentStream content, float size, float y, String text) throws IOException {
        content.beginText();
        content.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), size);
        content.newLineAtOffset(72, y);
        content.showText(text);
        content.endText();
    }

    private static byte[] saved(PDDocument document) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        document.save(out);
        return out.toByteArray();
    }

    public static byte[] encryptedPdf() throws IOException {
        try (PDDocument document = pdfDocument()) {
            StandardProtectionPolicy policy = new StandardProtectionPolicy("owner", "user", new AccessPermission());
            policy.setEncryptionKeyLength(128);
            document.protect(policy);
            return saved(document);
        }
    }

    static byte[] scannedPdf() throws IOException {
        try (PDDocument document = new PDDocument()) {
            document.addPage(new PDPage());
            document.addPage(new PDPage());
            return saved(document);
        }
    }

    public static byte[] docx() throws IOException {
        try (XWPFDocument document = new XWPFDocument()) {
            styled(document, "Heading1", "Station Orla");
            styled(document, "Normal", "The pump was built in 1987.");
            styled(document, "Heading2", "Parts");
            styled(document, "ListBullet", "Rotor");
            styled(document, "ListBullet", "Seal");
            XWPFTable table = document.createTable(TABLE.size(), TABLE.getFirst().size());
            for (int row = 0; row < TABLE.size(); row++) {
                for (int column = 0; column < TABLE.get(row).size(); column++) {
                    table.getRow(row).getCell(column).setText(TABLE.get(row).get(column));
                }
            }
            styled(document, "Normal", "The end.");
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            document.write(out);
            return out.toByteArray();
        }
    }

    private static void styled(XWPFDocument document, String style, String text) {
        XWPFParagraph paragraph = document.createParagraph();
        paragraph.setStyle(style);
        paragraph.createRun().setText(text);
    }

    /** An Office file as Office encrypts it. */
    public static byte[] encryptedDocx() throws Exception {
        try (POIFSFileSystem files = new POIFSFileSystem()) {
            Encryptor encryptor = new EncryptionInfo(EncryptionMode.agile).getEncryptor();
            encryptor.confirmPassword("secret");
            try (var out = encryptor.getDataStream(files)) {
                out.write(docx());
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            files.writeFilesystem(out);
            return out.toByteArray();
        }
    }

    /** Of a few hundred kilobytes that would become 75 MB. */
    public static byte[] zipBomb() throws IOException {
        return rewrite(docx(), xml -> xml.replace("The end.", " ".repeat(300 << 20 >> 2)));
    }

    static byte[] rewrite(byte[] docx, UnaryOperator<String> change) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(docx));
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                byte[] bytes = in.readAllBytes();
                zip.putNextEntry(new ZipEntry(entry.getName()));
                if (entry.getName().equals("word/document.xml")) {
                    String before = new String(bytes, StandardCharsets.UTF_8);
                    String after = change.apply(before);
                    if (after.equals(before)) throw new IllegalArgumentException("nothing changed");
                    bytes = after.getBytes(StandardCharsets.UTF_8);
                }
                zip.write(bytes);
            }
        }
        return out.toByteArray();
    }

    public static byte[] xlsx() throws IOException {
        try (XSSFWorkbook workbook = new XSSFWorkbook()) {
            XSSFSheet sheet = workbook.createSheet("Orla parts");
            for (int row = 0; row < TABLE.size(); row++) {
                for (int column = 0; column < TABLE.get(row).size(); column++) {
                    if (column == 0) sheet.createRow(row);
                    sheet.getRow(row).createCell(column).setCellValue(TABLE.get(row).get(column));
                }
            }
            sheet.createRow(5).createCell(1).setCellValue(42.5);
            sheet.createRow(6).createCell(1).setCellValue(true);
            workbook.createSheet("Empty");
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            workbook.write(out);
            return out.toByteArray();
        }
    }

    public static byte[] pptx() throws IOException {
        try (XMLSlideShow show = new XMLSlideShow()) {
            XSLFSlide first =
                    show.createSlide(show.getSlideMasters().getFirst().getLayout(SlideLayout.TITLE_AND_CONTENT));
            first.getPlaceholder(0).setText("Station Orla");
            first.getPlaceholder(1).setText("Built in 1987");
            XSLFSlide second = show.createSlide(show.getSlideMasters().getFirst().getLayout(SlideLayout.TITLE_ONLY));
            second.getPlaceholder(0).setText("Parts");
            XSLFTable table = second.createTable();
            table.setAnchor(new Rectangle(10, 10, 300, 200));
            for (List<String> cells : TABLE) {
                XSLFTableRow row = table.addRow();
                for (String cell : cells) row.addCell().setText(cell);
            }
            show.getNotesSlide(second).getShapes().stream()
                    .filter(shape -> shape instanceof XSLFTextShape words
                            && words.getTextType() == Placeholder.BODY)
                    .forEach(shape -> ((XSLFTextShape) shape).setText("Ask Mara."));
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            show.write(out);
            return out.toByteArray();
        }
    }
}
