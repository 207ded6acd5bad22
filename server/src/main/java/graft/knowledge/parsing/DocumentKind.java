package graft.knowledge.parsing;

import java.util.List;
import java.util.Optional;

/** The formats that are read by a parser. A file's name decides which, and its content has to agree. */
public enum DocumentKind {
    HTML("HTML", "html", "htm", "xhtml"),
    PDF("PDF", "pdf"),
    DOCX("Word (DOCX)", "docx"),
    PPTX("PowerPoint (PPTX)", "pptx"),
    XLSX("Excel (XLSX)", "xlsx"),
    EMAIL("e-mail", "eml");

    /** Text holds no NUL; this much of it is looked at, the parser sees the rest. */
    private static final int LOOKED_AT = 8192;
    private final String title;
    private final List<String> extensions;

    DocumentKind(String title, String... extensions) {
        this.title = title;
        this.extensions = List.of(extensions);
    }

    /** How a sentence names it. */
    public String title() {
        return title;
    }

    /** Whether its stored text has pages or slides, a form feed between two of them. */
    public boolean isPaged() {
        return this == PDF || this == PPTX;
    }

    /** @param extension of a file's name, in lower case without the dot */
    public static Optional<DocumentKind> named(String extension) {
        for (DocumentKind kind : values()) {
            if (kind.extensions.contains(extension)) return Optional.of(kind);
        }
        return Optional.empty();
    }

    /** Why the content cannot be what the name says; empty where the parser may have a look. */
    public Optional<Parsed.Refused> mismatch(byte[] bytes) {
        boolean plausible = switch (this) {
            case PDF -> Magic.isPdf(bytes);
            // An encrypted Office file is an OLE 2 container: the parser says so.
            case DOCX, PPTX, XLSX -> Magic.binary(bytes).filter(found -> found.equals(Magic.ZIP)
                    || found.equals(Magic.OLE2)).isPresent();
            case HTML -> Magic.binary(bytes).isEmpty() && (Magic.isUtf16(bytes) || !holdsNul(bytes));
            case EMAIL -> Magic.binary(bytes).isEmpty() && !holdsNul(bytes);
        };
        if (plausible) return Optional.empty();
        return Optional.of(new Parsed.Refused("invalid_file", bytes.length == 0 ? "The file is empty."
                : "The file's name says " + title + ", but its content is " + Magic.describe(bytes) + "."));
    }

    private static boolean holdsNul(byte[] bytes) {
        for (int i = 0; i < Math.min(bytes.length, LOOKED_AT); i++) {
            if (bytes[i] == 0) return true;
        }
        return false;
    }
}
