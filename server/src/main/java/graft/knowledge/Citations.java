package graft.knowledge;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds what a model quotes in the passages it was shown. Only what stands there word for word becomes a citation:
 * exactly as stored, or as shown (white space collapsed, hostile text defused). Nothing fuzzy: a quote with another
 * number in it is another statement, and so is one that ends within a number. Immutable, any thread.
 */
public final class Citations {
    private final List<ShownPassage> shown;
    private final List<ShownPassage> collapsed;

    /** @param passages in the order they were numbered from 1 */
    public Citations(List<Passage> passages) {
        this.shown = passages.stream().map(ShownPassage::of).toList();
        this.collapsed = passages.stream().map(ShownPassage::collapsed).toList();
    }

    public List<ShownPassage> shown() {
        return shown;
    }

    public static Optional<Citation> find(String quote, int passage, List<Passage> passages) {
        return new Citations(passages).find(quote, passage);
    }

    /**
     * @param quote   as the model wrote it
     * @param passage the number it named, tried first; 0 if it named none
     * @return the stored text where it stands; the citation's passage is the one where it was found
     */
    public Optional<Citation> find(String quote, int passage) {
        Optional<Citation> found = findOnlyIn(quote, passage);
        for (int number = 1; found.isEmpty() && number <= shown.size(); number++) {
            if (number != passage) found = findOnlyIn(quote, number);
        }
        return found;
    }

    /** As {@link #find}, but in this passage or nowhere. */
    public Optional<Citation> findOnlyIn(String quote, int passage) {
        if (passage < 1 || passage > shown.size()) return Optional.empty();
        String wanted = collapse(quote);
        if (wanted.isEmpty()) return Optional.empty();
        String stored = shown.get(passage - 1).passage().text();
        String stripped = quote.strip();
        // Between visible digits an invisible character would make a cut number look whole.
        int exact = shown.get(passage - 1).hidesSome() ? -1 : whole(stored, stripped);
        if (exact >= 0) {
            int start = stored.codePointCount(0, exact);
            return Optional.of(citation(passage, start, start + length(stripped)));
        }
        return findIn(wanted, passage, collapsed.get(passage - 1))
                .or(() -> findIn(wanted, passage, shown.get(passage - 1)));
    }

    private Optional<Citation> findIn(String wanted, int number, ShownPassage passage) {
        String line = passage.line();
        int at = whole(line, wanted);
        if (at < 0) return Optional.empty();
        int first = line.codePointCount(0, at);
        int last = first + length(wanted) - 1;
        return Optional.of(citation(number, passage.placeOf(first), passage.placeOf(last) + 1));
    }

    /** Where it stands without cutting a number: "weighs 13" is not what "weighs 134.5 kg" says. @return -1 nowhere */
    private static int whole(String text, String wanted) {
        int at = text.indexOf(wanted);
        while (at >= 0 && (insideNumber(text, at) || insideNumber(text, at + wanted.length()))) {
            at = text.indexOf(wanted, at + 1);
        }
        return at;
    }

    private static boolean insideNumber(String text, int at) {
        if (at <= 0 || at >= text.length()) return false;
        boolean digitBefore = Character.isDigit(text.codePointBefore(at));
        boolean digitAfter = Character.isDigit(text.codePointAt(at));
        if (digitBefore && digitAfter) return true;
        if (digitBefore) return isSeparator(text.charAt(at)) && digitAt(text, at + 1);
        return digitAfter && isSeparator(text.charAt(at - 1)) && digitAt(text, at - 2);
    }

    private static boolean isSeparator(char c) {
        return c == '.' || c == ',';
    }

    private static boolean digitAt(String text, int at) {
        return at >= 0 && at < text.length() && Character.isDigit(text.charAt(at));
    }

    /** @param start and end: code points of the passage's text */
    private Citation citation(int number, int start, int end) {
        Passage passage = shown.get(number - 1).passage();
        String text = passage.text();
        int from = text.offsetByCodePoints(0, start);
        String quote = text.substring(from, text.offsetByCodePoints(from, end - start));
        return new Citation(passage.fileId(), passage.filename(), number, quote, passage.start() + start,
                passage.start() + end, passage.chunkId(), passage.revision(), passage.pageAt(start));
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    private static String collapse(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (!ShownPassage.isSpace(c)) word.appendCodePoint(c);
            else if (!word.isEmpty()) {
                words.add(word.toString());
                word.setLength(0);
            }
        });
        if (!word.isEmpty()) words.add(word.toString());
        return String.join(" ", words);
    }
}
