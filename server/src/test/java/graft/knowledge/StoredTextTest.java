package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StoredTextTest {
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
        refused("unsupported_file", "DOCX", "a.docx", new byte[] {'P', 'K', 3, 4});
        refused("unsupported_file", "ZIP", "a.txt", new byte[] {'P', 'K', 3, 4});
        refused("unsupported_file", "HTML", "a.HTML", "<p>".getBytes(StandardCharsets.UTF_8));
        refused("unsupported_file", "UTF-16", "a.txt", "\uFEFFa".getBytes(StandardCharsets.UTF_16LE));
    }

    private static String text(String filename, byte[] bytes) {
        return assertInstanceOf(StoredText.Outcome.Text.class, StoredText.read(filename, bytes)).text();
    }

    private static void refused(String code, String words, String filename, byte[] bytes) {
        StoredText.Outcome.Unreadable outcome =
                assertInstanceOf(StoredText.Outcome.Unreadable.class, StoredText.read(filename, bytes));
        assertEquals(code, outcome.code());
        assertTrue(outcome.message().contains(words), outcome.message());
    }
}
