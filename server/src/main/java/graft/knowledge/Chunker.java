package graft.knowledge;

import graft.registry.knowledge.Document.Chunking;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Cuts a stored text into chunks: as many whole units as fit, cut at the best border of their second half (a section
 * before a paragraph before a sentence), each chunk beginning up to the overlap before the former one's end. A document
 * that fits is one chunk, so that a short sheet reaches the model whole. The same text gives the same chunks.
 */
final class Chunker {
    private final ToIntFunction<String> counter;
    private final int window;

    /**
     * A chunk as offsets in code points into the stored text.
     *
     * @param heading headings above its first unit, for the index only
     * @param breaks  form feeds before its start
     * @param windows slices that the embedder can see whole, together all of the chunk
     */
    record Piece(int ordinal, int start, int end, String heading, String body, int tokens, int breaks,
            List<String> windows) {}

    /**
     * @param counter tokens of a text, without special ones
     * @param window  most tokens of text that the embedder sees at once
     */
    Chunker(ToIntFunction<String> counter, int window) {
        this.counter = counter;
        this.window = window;
    }

    /**
     * Where a text is cut; the pieces themselves are made when asked for, so that a long text is not in memory twice.
     * Belongs to one thread.
     */
    final class Plan {
        private final String text;
        private final List<Outline.Unit> units;
        private final List<Span> spans = new ArrayList<>();
        private final int[] breaks;

        private Plan(String text, List<Outline.Unit> units) {
            this.text = text;
            this.units = units;
            this.breaks = breaks(text);
        }

        private int breaksBefore(int index) {
            int place = Arrays.binarySearch(breaks, index);
            return place < 0 ? -place - 1 : place;
        }

        int size() {
            return spans.size();
        }

        /** Where a chunk ends, in code points. */
        int end(int ordinal) {
            return spans.get(ordinal).endPoint();
        }

        Piece piece(int ordinal) {
            Span span = spans.get(ordinal);
            List<Outline.Unit> own = units.subList(span.firstUnit(), span.lastUnit());
            String heading = own.getFirst().heading();
            int tokens = own.stream().mapToInt(Outline.Unit::tokens).sum();
            return new Piece(ordinal, span.startPoint(), span.endPoint(), heading,
                    text.substring(span.start(), span.end()), tokens, breaksBefore(span.start()),
                    windows(text, own, tokens, heading));
        }
    }

    /** Where the form feeds of a text are. */
    private static int[] breaks(String text) {
        return IntStream.range(0, text.length()).filter(i -> text.charAt(i) == '\f').toArray();
    }

    /** UTF-16 indices and code points of a chunk without the white space around it, and the units it was made of. */
    private record Span(int firstUnit, int lastUnit, int start, int end, int startPoint, int endPoint) {}

    /** @param extension of the file's name */
    Plan plan(String text, String extension, Chunking chunking) {
        // Units also have to fit into a window beside their heading, which gets a quarter of it at most.
        int mostTokens = Math.min(chunking.maxTokens(), window - window / 4);
        List<Outline.Unit> units = Outline.of(text, extension, mostTokens, counter);
        Plan plan = new Plan(text, units);
        CodePoints offsets = new CodePoints(text);
        int first = 0;
        int end = 0;
        while (end < units.size()) {
            end = end(units, first, end, chunking.maxTokens());
            span(text, units, first, end, offsets).ifPresent(plan.spans::add);
            first = next(units, first, end, chunking);
        }
        return plan;
    }

    /**
     * The unit after the chunk's last: where the tokens run out, or at a better border in the chunk's second half, and
     * always beyond the former chunk's end.
     */
    private static int end(List<Outline.Unit> units, int first, int former, int maxTokens) {
        int end = first;
        int tokens = 0;
        while (end < units.size() && (end == first || tokens + units.get(end).tokens() <= maxTokens)) {
            tokens += units.get(end++).tokens();
        }
        if (end == units.size()) return end;
        int best = end;
        int kept = tokens;
        for (int candidate = end; candidate > Math.max(first, former) && kept * 2 > tokens; candidate--) {
            if (units.get(candidate).border().compareTo(units.get(best).border()) > 0) best = candidate;
            kept -= units.get(candidate - 1).tokens();
        }
        return best;
    }

    /** Goes back from the end by the overlap, as far as the next unit still fits behind it. */
    private static int next(List<Outline.Unit> units, int first, int end, Chunking chunking) {
        if (end == units.size()) return end;
        int room = Math.min(chunking.overlapTokens(), chunking.maxTokens() - units.get(end).tokens());
        int next = end;
        int shared = 0;
        while (next - 1 > first && shared + units.get(next - 1).tokens() <= room) {
            shared += units.get(--next).tokens();
        }
        return next;
    }

    private static Optional<Span> span(String text, List<Outline.Unit> units, int first, int last,
            CodePoints offsets) {
        int start = units.get(first).start();
        int end = units.get(last - 1).end();
        while (end > start && Character.isWhitespace(text.charAt(end - 1))) end--;
        while (start < end && Character.isWhitespace(text.charAt(start))) start++;
        return start == end ? Optional.empty()
                : Optional.of(new Span(first, last, start, end, offsets.at(start), offsets.at(end)));
    }

    /** The windows of a chunk that was cut before, perhaps for another embedder; its own outline is all there is. */
    List<String> windows(String body, String extension, String heading) {
        List<Outline.Unit> units = Outline.of(body, extension, window - window / 4, counter);
        if (units.isEmpty()) return List.of(header(heading) + body);
        return windows(body, units, units.stream().mapToInt(Outline.Unit::tokens).sum(), heading);
    }

    /** Cuts a chunk into equal shares, so that no window holds a mere rest. Each begins with the heading. */
    private List<String> windows(String text, List<Outline.Unit> units, int tokens, String heading) {
        String header = header(heading);
        int room = window - counter.applyAsInt(header);
        int shares = Math.max(1, (tokens + room - 1) / room);
        int target = (tokens + shares - 1) / shares;
        List<String> windows = new ArrayList<>();
        int from = 0;
        int held = 0;
        for (int i = 0; i < units.size(); i++) {
            int next = units.get(i).tokens();
            if (i > from && (held + next > room || held >= target)) {
                windows.add(header + slice(text, units, from, i));
                from = i;
                held = 0;
            }
            held += next;
        }
        windows.add(header + slice(text, units, from, units.size()));
        return windows;
    }

    private static String slice(String text, List<Outline.Unit> units, int from, int to) {
        return text.substring(units.get(from).start(), units.get(to - 1).end()).strip();
    }

    /** The headings as a line of their own, outermost ones left out while they need over a quarter of the window. */
    private String header(String heading) {
        String kept = heading;
        while (!kept.isEmpty() && counter.applyAsInt(kept) > window / 4) {
            int cut = kept.indexOf(" > ");
            kept = cut < 0 ? "" : kept.substring(cut + 3);
        }
        return kept.isEmpty() ? "" : kept + "\n";
    }

    /** Converts growing and slightly falling UTF-16 indices to code point offsets without counting from the start. */
    private static final class CodePoints {
        private final String text;
        private int index;
        private int point;

        CodePoints(String text) {
            this.text = text;
        }

        int at(int wanted) {
            point += wanted >= index ? text.codePointCount(index, wanted) : -text.codePointCount(wanted, index);
            index = wanted;
            return point;
        }
    }
}
