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
 * Reads raft-v1 (Zhang et al. 2024): {@code ##begin_quote## ... ##end_quote## [n]} and {@code <ANSWER>: ...}. A quote
 * is judged once it is clear whether a passage number follows it.
 */
final class RaftReader implements AnswerReader {
    private static final String BEGIN = "##begin_quote##";
    private static final String END = "##end_quote##";
    private static final String ANSWER = "<ANSWER>:";
    private static final Pattern NUMBER = Pattern.compile("(\\s{0,16})\\[(\\d{1,4})\\]");
    /** What may still become a number: at most this many characters are looked at. */
    private static final Pattern NUMBER_BEGINS = Pattern.compile("\\s{0,16}(?:\\[\\d{0,4})?");
    private final Citations citations;
    private final boolean showReasoning;
    private final StringBuilder seen = new StringBuilder();
    private final List<Cited> hidden = new ArrayList<>();
    private int read;
    private int answerAt = -1;
    private int sent;
    private int unverified;

    RaftReader(Citations citations, boolean showReasoning) {
        this.citations = citations;
        this.showReasoning = showReasoning;
    }

    @Override
    public Part push(String text) {
        seen.append(text);
        List<Cited> found = quotes(false);
        if (showReasoning) return new Part(text, found);
        hidden.addAll(found);
        return new Part(answer(), List.of());
    }

    @Override
    public Part finish() {
        List<Cited> found = quotes(true);
        if (showReasoning) return new Part("", found);
        hidden.addAll(found);
        String rest = answer();
        int end = answerAt < 0 ? 0 : seen.codePointCount(answerAt, seen.length());
        return new Part(rest, hidden.stream().map(cited -> new Cited(cited.citation(), end)).toList());
    }

    @Override
    public int unverifiedQuotes() {
        return unverified;
    }

    /** Quotes that are complete now, each looked up once. */
    private List<Cited> quotes(boolean atEnd) {
        List<Cited> found = new ArrayList<>();
        while (true) {
            int begin = seen.indexOf(BEGIN, read);
            if (begin < 0) read = Math.max(read, seen.length() - BEGIN.length() + 1);
            int end = begin < 0 ? -1 : seen.indexOf(END, begin + BEGIN.length());
            if (end < 0) return found;
            int behind = end + END.length();
            Matcher number = NUMBER.matcher(seen).region(behind, seen.length());
            boolean numbered = number.lookingAt();
            boolean undecided = NUMBER_BEGINS.matcher(seen).region(behind, seen.length()).matches();
            if (!numbered && undecided && !atEnd) return found;
            int index = seen.codePointCount(0, numbered ? number.end(1) : behind);
            Optional<Citation> citation = find(begin, end, numbered ? Integer.parseInt(number.group(2)) : 0);
            citation.ifPresentOrElse(one -> found.add(new Cited(one, index)), () -> unverified++);
            read = numbered ? number.end() : behind;
        }
    }

    /** A quote that was begun again is the last one: what stands before it was never closed. */
    private Optional<Citation> find(int begin, int end, int passage) {
        Optional<Citation> whole = citations.find(seen.substring(begin + BEGIN.length(), end), passage);
        int again = seen.lastIndexOf(BEGIN, end - BEGIN.length());
        if (whole.isPresent() || again <= begin) return whole;
        return citations.find(seen.substring(again + BEGIN.length(), end), passage);
    }

    /** What became visible of the answer, where only the answer is sent. */
    private String answer() {
        int marker = answerAt < 0 ? seen.indexOf(ANSWER) : -1;
        if (answerAt < 0 && marker >= 0) {
            int start = marker + ANSWER.length();
            while (start < seen.length() && Character.isWhitespace(seen.charAt(start))) start++;
            if (start == seen.length()) return "";
            answerAt = start;
            sent = start;
        }
        if (answerAt < 0) return "";
        String ready = seen.substring(sent);
        sent = seen.length();
        return ready;
    }
}
