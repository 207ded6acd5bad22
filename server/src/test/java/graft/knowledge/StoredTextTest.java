package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.knowledge.parsing.Parsed;
import graft.knowledge.parsing.Parser;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StoredTextTest {
    private static final Parser PARSER = new Parser(Parser.Settings.DEFAULTS);

    @Test
    void textIsKeptToTheLastByteExceptForItsByteOrderMark() {
        String text = "a\r\nb\tgrö\u00dfer 𝄞\n\n \uFEFF";
        assertEquals(text, text("a.md", text.getBytes(StandardCharsets.UTF_8)));
        assertEquals(text, text("noextension", ("\uFEFF" + text).getBytes(StandardCharsets.UTF_8)));
        assertEquals("{}", text("a.json", "{}".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void whatIsNoUtf8TextIsRefusedWithTheReason() {
        refused("invalid_file", "valid UTF-8", "a.txt", new byte[] {'a', (byte) 0xC3, 'b'});
        refused("invalid_file", "valid UTF-8", "a.txt", new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80});
        refused("invalid_file", "NUL", "a.txt", new byte[] {'a', 0});
        refused("invalid_file", "no text", "a.txt", new byte[0]);
        refused("invalid_file", "no text", "a.txt", " \r\n".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void otherFormatsAreNamedWhateverTheirExtensionSays() {
        refused("unsupported_file", "PDF", "a.md", "%PDF-1.7".getBytes(StandardCharsets.UTF_8));
        refused("unsupported_file", "EPUB", "a.epub", new byte[] {'P', 'K', 3, 4});
        refused("unsupported_file", "ZIP", "a.txt", new byte[] {'P', 'K', 3, 4});
        refused("unsupported_file", "UTF-16", "a.txt", "\uFEFFa".getBytes(StandardCharsets.UTF_16LE));
    }

    @Test
    void aNameThatItsContentContradictsIsRefusedWithBoth() {
        byte[] html = "<!DOCTYPE html><html><p>x".getBytes(StandardCharsets.UTF_8);
        refused("invalid_file", "PDF, but its content is HTML", "a.pdf", html);
        refused("invalid_file", "DOCX), but its content is HTML", "a.docx", html);
        refused("invalid_file", "HTML, but its content is PDF", "a.html", "%PDF-1.7".getBytes(StandardCharsets.UTF_8));
        refused("invalid_file", "e-mail, but its content is ZIP", "a.EML", new byte[] {'P', 'K', 3, 4});
        refused("invalid_file", "something else", "a.htm", new byte[] {'a', 0, 'b'});
        refused("invalid_file", "empty", "a.xlsx", new byte[0]);
    }

    private static String text(String filename, byte[] bytes) {
        return assertInstanceOf(Parsed.Text.class, StoredText.read(filename, bytes, PARSER)).text();
    }

    private static void refused(String code, String words, String filename, byte[] bytes) {
        Parsed.Refused outcome =
                assertInstanceOf(Parsed.Refused.class, StoredText.read(filename, bytes, PARSER));
        assertEquals(code, outcome.code());
        assertTrue(outcome.message().contains(words), outcome.message());
    }
}
