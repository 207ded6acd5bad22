package graft.generation;

import graft.generation.Delta.Cited;
import graft.knowledge.Citation;
import graft.knowledge.Citations;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads documents-v1: an answer in a model's own words, with passage numbers in brackets. A number alone proves
 * nothing, so it becomes a citation only where the words before it stand in that passage: what is between quotation
 * marks, else the whole statement. A statement in other words is no claim to quote, so it is neither cited nor counted;
 * a text in quotation marks that stands nowhere is counted.
 */
final class DocumentsReader implements AnswerReader {
    private static final Pattern NUMBER = Pattern.compile("\\[(\\d{1,4})\\]");
    private static final Pattern QUOTED =
            Pattern.compile("\"([^\"\n]+)\"|\u201C([^\u201D\n]+)\u201D|\u00AB([^\u00BB\n]+)\u00BB");
    private static final Pattern BORDER =
            Pattern.compile("[.!?]['\")\u201D\u00BB]?\\s+(?=\\S)|\\n|\\[\\d{1,4}\\][.,;]?");
    /** A statement of fewer words would be found by chance. */
    private static final int LEAST_WORDS = 3;
    private final Citations citations;
    private final StringBuilder seen = new StringBuilder();
    private int read;
    private int unverified;

    DocumentsReader(Citations citations) {
        this.citations = citations;
    }

    @Override
    public Part push(String text) {
        seen.append(text);
        return new Part(text, numbers());
    }

    @Override
    public Part finish() {
        return Part.NOTHING;
    }

    @Override
    public int unverifiedQuotes() {
        return unverified;
    }

    private List<Cited> numbers() {
        List<Cited> found = new ArrayList<>();
        if (citations.shown().isEmpty()) return found;
        Matcher number = NUMBER.matcher(seen);
        while (number.find(read)) {
            int passage = Integer.parseInt(number.group(1));
            int index = seen.codePointCount(0, number.start());
            cited(statement(number.start()), passage).ifPresent(citation -> found.add(new Cited(citation, index)));
            read = number.end();
        }
        return found;
    }

    /** From the end of the sentence, line or number before, to the number. */
    private String statement(int end) {
        String before = seen.substring(0, end).stripTrailing();
        int start = 0;
        Matcher border = BORDER.matcher(before);
        while (border.find()) if (border.end() < before.length()) start = border.end();
        return before.substring(start).strip();
    }

    private Optional<Citation> cited(String statement, int passage) {
        Matcher quoted = QUOTED.matcher(statement);
        if (quoted.find()) {
            String quote = quoted.group(1) != null ? quoted.group(1) : quoted.group(2) != null ? quoted.group(2)
                    : quoted.group(3);
            Optional<Citation> citation = citations.find(quote, passage);
            if (citation.isEmpty()) unverified++;
            return citation;
        }
        if (statement.split("\\s+").length < LEAST_WORDS) return Optional.empty();
        return citations.findOnlyIn(statement, passage)
                .or(() -> citations.findOnlyIn(statement.replaceFirst("[.!?,;:]+$", ""), passage));
    }
}
