package graft.knowledge.parsing;

/** A document that will not be read, with the sentence its uploader gets. Stays within the parser's process. */
final class DocumentRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final String code;

    private DocumentRefusedException(String code, String message) {
        super(message, null, false, false);
        this.code = code;
    }

    /** The file is broken, or not what its name says. */
    static DocumentRefusedException invalid(String message) {
        return new DocumentRefusedException("invalid_file", message);
    }

    /** The file may be sound, but this server does not read such files. */
    static DocumentRefusedException unsupported(String message) {
        return new DocumentRefusedException("unsupported_file", message);
    }

    String code() {
        return code;
    }
}
