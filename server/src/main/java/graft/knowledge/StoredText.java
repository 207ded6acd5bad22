package graft.knowledge;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/**
 * The text that is kept of a file, and that all offsets count in: the bytes decoded as UTF-8 without a byte-order mark,
 * otherwise unchanged (CONTRACT.md). Formats that need a parser are refused by name, whatever their extension says.
 */
final class StoredText {
    /** Extensions of what is not plain text, or not meant to be read as such. */
    private static final Map<String, String> FORMATS = Map.ofEntries(Map.entry("pdf", "PDF"), Map.entry("doc", "Word"),
            Map.entry("docx", "Word (DOCX)"), Map.entry("ppt", "PowerPoint"), Map.entry("pptx", "PowerPoint (PPTX)"),
            Map.entry("xls", "Excel"), Map.entry("xlsx", "Excel (XLSX)"), Map.entry("html", "HTML"),
            Map.entry("htm", "HTML"), Map.entry("eml", "e-mail"), Map.entry("msg", "e-mail"),
            Map.entry("rtf", "RTF"), Map.entry("odt", "OpenDocument"), Map.entry("epub", "EPUB"),
            Map.entry("zip", "ZIP"), Map.entry("gz", "gzip"), Map.entry("png", "PNG"), Map.entry("jpg", "JPEG"),
            Map.entry("jpeg", "JPEG"), Map.entry("gif", "GIF"), Map.entry("mp3", "MP3"), Map.entry("mp4", "MP4"));

    private StoredText() {}

    /** What came of reading a file. */
    sealed interface Outcome {
        record Text(String text) implements Outcome {}

        /** @param code {@code unsupported_file} or {@code invalid_file} */
        record Unreadable(String code, String message) implements Outcome {}
    }

    static Outcome read(String filename, byte[] bytes) {
        String format = format(filename, bytes);
        if (!format.isEmpty()) {
            return new Outcome.Unreadable("unsupported_file", "Files of the type " + format + " are not supported: send"
                    + " text, Markdown, CSV or JSON in UTF-8.");
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (startsWith(bytes, 0xEF, 0xBB, 0xBF)) in.position(3);
        try {
            return accept(decoder.decode(in).toString());
        } catch (CharacterCodingException e) {
            return new Outcome.Unreadable("invalid_file", "The file is not valid UTF-8 near byte " + in.position()
                    + ": save it as UTF-8 and upload it again.");
        }
    }

    private static Outcome accept(String text) {
        if (text.indexOf('\0') >= 0) {
            return new Outcome.Unreadable("invalid_file", "The file holds NUL characters: it is not text.");
        }
        if (text.isBlank()) return new Outcome.Unreadable("invalid_file", "The file holds no text.");
        return new Outcome.Text(text);
    }

    /** The name of a format that is not plain text, by content first; empty for text. */
    private static String format(String filename, byte[] bytes) {
        if (startsWith(bytes, '%', 'P', 'D', 'F', '-')) return "PDF";
        String extension = extension(filename);
        if (startsWith(bytes, 'P', 'K', 3, 4)) return FORMATS.getOrDefault(extension, "ZIP");
        if (startsWith(bytes, 0xD0, 0xCF, 0x11, 0xE0)) return FORMATS.getOrDefault(extension, "Microsoft Office");
        if (startsWith(bytes, 0x89, 'P', 'N', 'G')) return "PNG";
        if (startsWith(bytes, 0xFF, 0xD8, 0xFF)) return "JPEG";
        if (startsWith(bytes, 0x1F, 0x8B)) return "gzip";
        if (startsWith(bytes, 0xFF, 0xFE) || startsWith(bytes, 0xFE, 0xFF)) return "text in UTF-16";
        return FORMATS.getOrDefault(extension, "");
    }

    static String extension(String filename) {
        int dot = filename.lastIndexOf('.');
        return dot < 0 ? "" : filename.substring(dot + 1).toLowerCase(Locale.ROOT);
    }

    private static boolean startsWith(byte[] bytes, int... magic) {
        if (bytes.length < magic.length) return false;
        for (int i = 0; i < magic.length; i++) {
            if ((bytes[i] & 0xFF) != magic[i]) return false;
        }
        return true;
    }
}
