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
 * a text in quotation marks that stands nowhere is counted. {@code [1][2]} and {@code [1, 2]} say the same of the same
 * words.
 */
final class DocumentsReader implements AnswerReader {
    private static final Pattern NUMBERS = Pattern.compile("\\[(\\d{1,4}(?:\\s?,\\s?\\d{1,4}){0,15})\\]");
    private static final Pattern BETWEEN_NUMBERS = Pattern.compile("[\\s,;]*");
    private final Citations citations;
    private final StringBuilder seen = new StringBuilder();
    private Claim claim = Claim.of("");
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
        Matcher numbers = NUMBERS.matcher(seen);
        while (numbers.find(read)) {
            String before = seen.substring(read, numbers.start());
            boolean again = read > 0 && BETWEEN_NUMBERS.matcher(before).matches();
            if (!again) claim = Claim.of(before);
            int index = seen.codePointCount(0, numbers.start());
            for (String number : numbers.group(1).split("\\s?,\\s?")) {
                cited(Integer.parseInt(number), again).forEach(citation -> found.add(new Cited(citation, index)));
                again = true;
            }
            read = numbers.end();
        }
        return found;
    }

    /** @param again whether an earlier number had the same words: what stands nowhere was counted then */
    private List<Citation> cited(int passage, boolean again) {
        if (claim.quotations().isEmpty()) return statement(passage).stream().toList();
        List<Citation> found = new ArrayList<>();
        for (String quote : claim.quotations()) {
            Optional<Citation> citation = again ? citations.findOnlyIn(quote, passage) : citations.find(quote, passage);
            if (citation.isEmpty() && !again) unverified++;
            citation.ifPresent(found::add);
        }
        return found;
    }

    private Optional<Citation> statement(int passage) {
        for (String statement : claim.statements()) {
            Optional<Citation> found = citations.findOnlyIn(statement, passage)
                    .or(() -> citations.findOnlyIn(statement.replaceFirst("[.!?,;:]+$", ""), passage));
            if (found.isPresent()) return found;
        }
        return Optional.empty();
    }
}
