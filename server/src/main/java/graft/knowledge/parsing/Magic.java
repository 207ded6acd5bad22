package graft.knowledge.parsing;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a file is by its first bytes, whatever its name says. Pure; any thread. */
public final class Magic {
    public static final String PDF = "PDF";
    public static final String ZIP = "ZIP";
    public static final String OLE2 = "Microsoft Office";
    static final String HTML = "HTML";
    /** PDF's own rule: the header stands somewhere in the first 1,024 bytes (ISO 32000-1, Annex H). */
    private static final int PDF_HEADER_WITHIN = 1024;

    private Magic() {}

    /** The format of what is no text; empty for text and for what is not known. */
    public static Optional<String> binary(byte[] bytes) {
        if (startsWith(bytes, '%', 'P', 'D', 'F', '-')) return Optional.of(PDF);
        if (startsWith(bytes, 'P', 'K', 3, 4) || startsWith(bytes, 'P', 'K', 5, 6)) return Optional.of(ZIP);
        if (startsWith(bytes, 0xD0, 0xCF, 0x11, 0xE0)) return Optional.of(OLE2);
        if (startsWith(bytes, 0x89, 'P', 'N', 'G')) return Optional.of("PNG");
        if (startsWith(bytes, 0xFF, 0xD8, 0xFF)) return Optional.of("JPEG");
        if (startsWith(bytes, 0x1F, 0x8B)) return Optional.of("gzip");
        return Optional.empty();
    }

    /** A word for a sentence about the content. */
    static String describe(byte[] bytes) {
        return binary(bytes).orElseGet(() -> isHtml(bytes) ? HTML : "something else");
    }

    static boolean isPdf(byte[] bytes) {
        return head(bytes, PDF_HEADER_WITHIN).contains("%PDF-");
    }

    /** Anywhere: what follows it may be a server's trailing bytes, or another revision. */
    static boolean hasPdfEnd(byte[] bytes) {
        byte[] mark = {'%', '%', 'E', 'O', 'F'};
        for (int i = bytes.length - mark.length; i >= 0; i--) {
            if (Arrays.equals(bytes, i, i + mark.length, mark, 0, mark.length)) return true;
        }
        return false;
    }

    private static boolean isHtml(byte[] bytes) {
        String head = head(bytes, PDF_HEADER_WITHIN).toLowerCase(Locale.ROOT);
        return head.contains("<html") || head.contains("<!doctype html");
    }

    public static boolean isUtf16(byte[] bytes) {
        return startsWith(bytes, 0xFF, 0xFE) || startsWith(bytes, 0xFE, 0xFF);
    }

    private static String head(byte[] bytes, int most) {
        return new String(bytes, 0, Math.min(bytes.length, most), StandardCharsets.ISO_8859_1);
    }

    static boolean startsWith(byte[] bytes, int... magic) {
        if (bytes.length < magic.length) return false;
        for (int i = 0; i < magic.length; i++) {
            if ((bytes[i] & 0xFF) != magic[i]) return false;
        }
        return true;
    }
}
