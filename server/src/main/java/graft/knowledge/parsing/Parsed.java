package graft.knowledge.parsing;

/** What came of reading a file. */
public sealed interface Parsed {
    /** What is kept of the file, and what all offsets count in; never blank. */
    record Text(String text) implements Parsed {}

    /** @param code {@code unsupported_file} or {@code invalid_file}; @param message a sentence for the uploader */
    record Refused(String code, String message) implements Parsed {}
}
