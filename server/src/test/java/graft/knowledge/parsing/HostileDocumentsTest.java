package graft.knowledge.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Documents that mean harm, or met with some: each fails with a sentence, and no process is left behind. */
class HostileDocumentsTest {
    private static final Parser.Settings DEFAULTS = Parser.Settings.DEFAULTS;

    @AfterEach
    void nothingIsLeftRunning() {
        assertEquals(0, children());
    }

    private static long children() {
        return parsers().size();
    }

    private static List<ProcessHandle> parsers() {
        // Linux shows no command line as long as a class path; of this JVM's children only parsers are JVMs.
        return ProcessHandle.current().children().filter(child -> child.info().command().orElse("")
                .endsWith("/bin/java")).toList();
    }

    @Test
    void truncatedFilesAreDamaged() throws IOException {
        byte[] pdf = SampleDocuments.pdf();
        refused("invalid_file", "PDF", DocumentKind.PDF, Arrays.copyOf(pdf, 64));
        refused("invalid_file", "truncated", DocumentKind.PDF, Arrays.copyOf(pdf, pdf.length - 12));
        byte[] docx = SampleDocuments.docx();
        refused("invalid_file", "damaged", DocumentKind.DOCX, Arrays.copyOf(docx, docx.length / 2));
    }

    @Test
    void randomBytesBehindTheRightMagicAreDamaged() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        for (DocumentKind kind : new DocumentKind[] {DocumentKind.PDF, DocumentKind.XLSX}) {
            byte[] bytes = new byte[20_000];
            new Random(seed).nextBytes(bytes);
            byte[] magic = kind == DocumentKind.PDF ? "%PDF-1.7\n".getBytes(StandardCharsets.US_ASCII)
                    : new byte[] {'P', 'K', 3, 4};
            System.arraycopy(magic, 0, bytes, 0, magic.length);
            refused("invalid_file", "", kind, bytes);
        }
    }

    @Test
    void encryptedFilesAreNamedAsSuch() throws Exception {
        refused("unsupported_file", "encrypted", DocumentKind.PDF, SampleDocuments.encryptedPdf());
        refused("unsupported_file", "encrypted", DocumentKind.DOCX, SampleDocuments.encryptedDocx());
    }

    @Test
    void scannedPagesNeedOcrFirst() throws IOException {
        refused("unsupported_file", "no text layer on its 2 page(s): scanned pages need OCR", DocumentKind.PDF,
                SampleDocuments.scannedPdf());
    }

    @Test
    void anOfficeFileUnderAnothersNameIsRefused() throws IOException {
        refused("invalid_file", "PowerPoint", DocumentKind.PPTX, SampleDocuments.docx());
    }

    @Test
    void aZipBombIsNotUnpacked() throws IOException {
        byte[] bomb = SampleDocuments.zipBomb();
        assertTrue(bomb.length < 1 << 20, "a bomb of " + bomb.length);
        refused("invalid_file", "ZIP bomb", DocumentKind.DOCX, bomb);
    }

    @Test
    void externalEntitiesAreNotRead() throws IOException {
        byte[] stealing = SampleDocuments.rewrite(SampleDocuments.docx(), xml -> xml
                .replaceFirst("(?s)(<\\?xml.*?\\?>)?\\s*<w:document",
                "<!DOCTYPE d [<!ENTITY secret SYSTEM \"file:///etc/passwd\">]><w:document")
                .replace("The end.", "&secret;"));
        refused("invalid_file", "damaged", DocumentKind.DOCX, stealing);
    }

    @Test
    void deepNestingEndsInTextOrARefusal() {
        // Ten times what a recursive walk's stack holds; each tag costs the parser a look through its whole stack.
        String deep = "<div>".repeat(50_000) + "core" + "</div>".repeat(50_000);
        String text = assertInstanceOf(Parsed.Text.class, parse(DEFAULTS, DocumentKind.HTML,
                deep.getBytes(StandardCharsets.UTF_8))).text();
        assertEquals("core\n", text);
    }

    @Test
    void aPageWithoutTextIsRefused() {
        refused("invalid_file", "no text", DocumentKind.HTML, "<p> </p>".getBytes(StandardCharsets.UTF_8));
        refused("invalid_file", "no e-mail", DocumentKind.EMAIL, "just words".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void whoNeedsTooMuchTimeIsStopped() {
        refused(new Parser.Settings(DEFAULTS.heapBytes(), Duration.ofMillis(5), DEFAULTS.outputBytes()),
                "invalid_file", "longer than 0.005 s", DocumentKind.HTML, SampleDocuments.html());
    }

    @Test
    void whoNeedsTooMuchMemoryIsStopped() {
        refused(new Parser.Settings(16 << 20, DEFAULTS.time(), DEFAULTS.outputBytes()), "unsupported_file", "16 MiB",
                DocumentKind.HTML, "<p>word</p>".repeat(2 << 20).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void tooMuchTextIsRefused() {
        refused(new Parser.Settings(DEFAULTS.heapBytes(), DEFAULTS.time(), 1 << 20), "unsupported_file",
                "more than 1 MiB of text", DocumentKind.HTML,
                ("<p>" + "word ".repeat(1 << 19)).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aParserThatClosesEndsWhatItReadsWhichHadNoNetwork() throws IOException {
        Parser parser = new Parser(DEFAULTS);
        byte[] large = "<p>word</p>".repeat(1 << 20).getBytes(StandardCharsets.UTF_8);
        CompletableFuture<Parsed> parsed = CompletableFuture.supplyAsync(() -> parser.parse(DocumentKind.HTML, large));
        while (children() == 0 && !parsed.isDone()) Thread.onSpinWait();
        if (!NoNetwork.prefix().isEmpty()) assertNotEquals(network(ProcessHandle.current()),
                network(parsers().getFirst()));
        parser.close();
        assertInstanceOf(CancellationException.class,
                assertThrows(CompletionException.class, parsed::join).getCause());
    }

    private static Path network(ProcessHandle process) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc", Long.toString(process.pid()), "ns", "net"));
    }

    private static Parsed parse(Parser.Settings settings, DocumentKind kind, byte[] bytes) {
        try (Parser parser = new Parser(settings)) {
            return parser.parse(kind, bytes);
        }
    }

    private static void refused(String code, String words, DocumentKind kind, byte[] bytes) {
        refused(DEFAULTS, code, words, kind, bytes);
    }

    private static void refused(Parser.Settings settings, String code, String words, DocumentKind kind, byte[] bytes) {
        Parsed.Refused refused = assertInstanceOf(Parsed.Refused.class, parse(settings, kind, bytes));
        assertTrue(refused.message().contains(words), refused.message());
        assertEquals(code, refused.code(), refused.message());
    }
}
