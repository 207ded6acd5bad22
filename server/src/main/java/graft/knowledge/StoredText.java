package graft.knowledge;

import graft.knowledge.parsing.DocumentKind;
import graft.knowledge.parsing.Magic;
import graft.knowledge.parsing.Parsed;
import graft.knowledge.parsing.Parser;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The text that is kept of a file, and that all offsets count in. Of plain text, Markdown, CSV, JSON and whatever else
 * is text, the bytes decoded as UTF-8 without a byte-order mark, otherwise unchanged (CONTRACT.md); of formats that
 * need a parser, what it makes of them, which is written in the manner of Markdown.
 */
final class StoredText {
    /** Extensions of what is neither plain text nor read by a parser. */
    private static final Map<String, String> FORMATS = Map.ofEntries(Map.entry("doc", "Word"),
            Map.entry("ppt", "PowerPoint"), Map.entry("xls", "Excel"), Map.entry("msg", "Outlook"),
            Map.entry("rtf", "RTF"), Map.entry("odt", "OpenDocument"), Map.entry("epub", "EPUB"),
            Map.entry("zip", "ZIP"), Map.entry("gz", "gzip"), Map.entry("png", "PNG"), Map.entry("jpg", "JPEG"),
            Map.entry("jpeg", "JPEG"), Map.entry("gif", "GIF"), Map.entry("mp3", "MP3"), Map.entry("mp4", "MP4"));

    private StoredText() {}

    /** @throws java.util.concurrent.CancellationException when the parser is closed meanwhile */
    static Parsed read(String filename, byte[] bytes, Parser parser) {
        Optional<DocumentKind> kind = DocumentKind.named(extension(filename));
        if (kind.isEmpty()) return plain(filename, bytes, parser.mostTextBytes());
        Optional<Parsed.Refused> mismatch = kind.get().mismatch(bytes);
        return mismatch.isPresent() ? mismatch.get() : parser.parse(kind.get(), bytes);
    }

    /** The extension that says how the stored text of a file is structured. */
    static String structure(String filename) {
        String extension = extension(filename);
        return DocumentKind.named(extension).isPresent() ? "md" : extension;
    }

    /** Whether form feeds part the pages or slides of a file's stored text. */
    static boolean isPaged(String filename) {
        return DocumentKind.named(extension(filename)).filter(DocumentKind::isPaged).isPresent();
    }

    private static Parsed plain(String filename, byte[] bytes, int most) {
        String format = format(filename, bytes);
        if (format.equals(Magic.PDF)) {
            return new Parsed.Refused("unsupported_file", "The content is PDF, but the name does not end in .pdf:"
                    + " upload it under that name.");
        }
        if (!format.isEmpty()) {
            return new Parsed.Refused("unsupported_file", "Files of the type " + format + " are not supported: send"
                    + " HTML, PDF, DOCX, PPTX, XLSX, e-mail (.eml), or text, Markdown, CSV or JSON in UTF-8.");
        }
        if (bytes.length > most) {
            return new Parsed.Refused("unsupported_file", "The file holds more than " + (most >> 20) + " MiB of text:"
                    + " split it.");
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (in.remaining() >= 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF) {
            in.position(3);
        }
        try {
            return accept(decoder.decode(in).toString());
        } catch (CharacterCodingException e) {
            return new Parsed.Refused("invalid_file", "The file is not valid UTF-8 near byte " + in.position()
                    + ": save it as UTF-8 and upload it again.");
        }
    }

    private static Parsed accept(String text) {
        if (text.indexOf('\0') >= 0) {
            return new Parsed.Refused("invalid_file", "The file holds NUL characters: it is not text.");
        }
        if (text.isBlank()) return new Parsed.Refused("invalid_file", "The file holds no text.");
        return new Parsed.Text(text);
    }

    /** The name of a format that is not plain text, by content first; empty for text. */
    private static String format(String filename, byte[] bytes) {
        String named = FORMATS.getOrDefault(extension(filename), "");
        Optional<String> binary = Magic.binary(bytes);
        if (binary.isEmpty()) return Magic.isUtf16(bytes) ? "text in UTF-16" : named;
        boolean container = binary.get().equals(Magic.ZIP) || binary.get().equals(Magic.OLE2);
        return container && !named.isEmpty() ? named : binary.get();
    }

    static String extension(String filename) {
        int dot = filename.lastIndexOf('.');
        return dot < 0 ? "" : filename.substring(dot + 1).toLowerCase(Locale.ROOT);
    }
}
