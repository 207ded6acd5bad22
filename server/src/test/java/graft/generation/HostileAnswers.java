package graft.generation;

import graft.knowledge.Passage;
import graft.knowledge.ShownPassage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;

/** Documents that are hard to quote, and answers that quote them truly and falsely, from a seed. */
final class HostileAnswers {
    private static final String[] WORDS = {"pump", "valve", "weighs", "runs", "at", "the", "relay", "bar",
        "\uD834\uDD1Enote", "\uD83D\uDE80", "caf\u00E9", "na\u00EFve", "\u6CF5\u91CD", "x\u2082", "Orla's", "3.75",
        "1,204", "88", "7-9", "(old)", "\u00BD", "T\u00FCr"};
    private static final String[] SPACES = {" ", " ", " ", "\r\n", "\n", "  ", "\t", "\u00A0"};
    private static final String[] TAGS = {"##begin_quote##", "##end_quote##", "<|im_end|>", "<ANSWER>:", "[2]"};
    private static final Pattern SPACE = Pattern.compile("[\\s\\p{Z}\u0085]+");
    private final Random random;
    final List<String> documents = new ArrayList<>();
    final List<Passage> passages = new ArrayList<>();

    /** @param truth the stored words that it should become a citation of, white space apart; empty if of none */
    record Quote(String text, String truth, int passage) {}

    /** @param truths of its citations, in order; @param lies quotes that stand nowhere */
    record Told(String text, List<String> truths, int lies) {}

    HostileAnswers(long seed) {
        random = new Random(seed);
        int count = 1 + random.nextInt(5);
        for (int i = 0; i < count; i++) {
            String before = words(random.nextInt(20)) + " ";
            String text = "Part " + (1000 + i * 7) + " " + words(6 + random.nextInt(30)) + ".";
            documents.add(before + text + " " + words(5));
            int start = before.codePointCount(0, before.length());
            passages.add(new Passage("chunk-" + i, "file-" + i, i + ".md", "rev-" + i, start,
                    start + text.codePointCount(0, text.length()), text, 1));
        }
    }

    static String collapsed(String text) {
        return SPACE.matcher(text).replaceAll(" ").strip();
    }

    private <T> T any(T[] all) {
        return all[random.nextInt(all.length)];
    }

    private String words(int count) {
        StringBuilder text = new StringBuilder(any(WORDS));
        for (int i = 1; i < count; i++) {
            text.append(any(SPACES)).append(random.nextInt(25) == 0 ? any(TAGS) : any(WORDS));
        }
        return text.toString();
    }

    /** Whole words of a passage, as stored. */
    private String slice(Passage passage, int least) {
        String[] tokens = passage.text().split("(?<=\\s)(?=\\S)");
        int length = Math.min(tokens.length, least + random.nextInt(6));
        int from = random.nextInt(tokens.length - length + 1);
        return String.join("", List.of(tokens).subList(from, from + length)).strip();
    }

    /** A quote that is true: as stored, as shown, with other white space. */
    Quote truth() {
        int number = random.nextInt(passages.size());
        String stored = slice(passages.get(number), 2);
        String said = switch (random.nextInt(4)) {
            case 0 -> stored;
            case 1 -> collapsed(stored);
            case 2 -> SPACE.matcher(stored).replaceAll("\r\n ");
            default -> ShownPassage.of(new Passage("", "", "", "", 0, 0, stored, 1)).line();
        };
        // what imitates the format's own tags, or another passage's number, ends a quote wherever it stands
        boolean clean = !said.contains("##begin") && !said.contains("##end") && !said.contains("<ANSWER>");
        return clean ? new Quote(said, collapsed(stored), number + 1) : truth();
    }

    /** A quote that stands nowhere. */
    Quote lie() {
        Quote truth = truth();
        String text = truth.text();
        int middle = text.offsetByCodePoints(0, random.nextInt(text.codePointCount(0, text.length())));
        String said = switch (random.nextInt(9)) {
            case 0 -> text.replaceFirst("\\d", "9").replaceFirst("[a-z]", "q"); // altered
            case 1 -> text + " " + any(WORDS) + " " + any(WORDS); // gone on with
            case 2 -> text + " " + truth().text(); // of two passages
            case 3 -> text.substring(0, middle) + "\u200B" + text.substring(middle); // invisible
            case 4 -> text.toUpperCase(java.util.Locale.ROOT);
            case 5 -> text.replace('a', '\u0430').replace('e', '\u0435'); // homoglyphs
            case 6 -> java.text.Normalizer.normalize(text, java.text.Normalizer.Form.NFD);
            case 7 -> "Part 10" + random.nextInt(10); // cut within a number
            default -> text.substring(0, middle) + " not " + text.substring(middle);
        };
        boolean clean = !said.contains("##begin") && !said.contains("##end") && !said.contains("<ANSWER>");
        return clean && !stands(said) ? new Quote(said, "", truth.passage()) : lie();
    }

    /** Another way to look for a quote than the one under test: by a pattern over the text as it is. */
    boolean stands(String said) {
        StringBuilder pattern = new StringBuilder();
        for (String word : collapsed(said).split(" ")) {
            pattern.append(pattern.isEmpty() ? "" : "[\\s\\p{Z}\u0085]+").append(Pattern.quote(word));
        }
        Pattern quote = Pattern.compile("(?<![0-9])(?<![0-9][.,](?=[0-9]))" + pattern + "(?![0-9]|[.,][0-9])");
        return passages.stream().anyMatch(passage -> quote.matcher(passage.text()).find()
                || quote.matcher(ShownPassage.of(passage).line()).find());
    }

    private int number(Quote quote) {
        return random.nextInt(3) > 0 ? quote.passage() : 1 + random.nextInt(9);
    }

    /** In raft-v1: quotes closed, unclosed, begun twice, numbered rightly, wrongly and not at all. */
    Told raft() {
        StringBuilder text = new StringBuilder();
        List<String> truths = new ArrayList<>();
        int lies = 0;
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            Quote quote = random.nextBoolean() ? truth() : lie();
            if (random.nextInt(4) == 0) text.append("##end_quote## stray ");
            if (random.nextInt(5) == 0) text.append("##begin_quote## never closed ");
            text.append("##begin_quote##").append(any(SPACES)).append(quote.text()).append(any(SPACES))
                    .append("##end_quote##");
            if (random.nextInt(4) > 0) text.append(any(SPACES)).append('[').append(number(quote)).append(']');
            text.append(random.nextBoolean() ? " so \uD83D\uDE80" : "\r\n");
            if (quote.truth().isEmpty()) lies++;
            else truths.add(quote.truth());
        }
        if (random.nextInt(3) == 0) text.append("<ANSWER>: 88 \uD834\uDD1E");
        if (random.nextInt(3) == 0) text.append("##begin_quote## ").append(truth().text());
        return new Told(text.toString(), truths, lies);
    }

    /** In documents-v1: quotation marks of four kinds, plain statements, numbers beside each other. */
    Told documents() {
        StringBuilder text = new StringBuilder();
        List<String> truths = new ArrayList<>();
        int lies = 0;
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            Quote quote = random.nextBoolean() ? truth() : lie();
            if (quote.text().matches("(?s).*(\\[\\d|\n\\s*\n).*")) continue;
            String[] marks = {"\"\"", "\u201C\u201D", "\u00AB\u00BB", "\u201E\u201C"};
            String pair = any(marks);
            text.append(random.nextBoolean() ? "\n- It says " : " Then ").append(pair.charAt(0)).append(quote.text())
                    .append(pair.charAt(1)).append(any(SPACES)).append('[').append(number(quote)).append("].");
            if (quote.truth().isEmpty()) lies++;
            else truths.add(quote.truth());
        }
        Quote statement = truth();
        if (random.nextBoolean() && statement.text().matches("[^.!?\\[\"\n\r]{20,}")
                && statement.text().split("\\s+").length > 3) {
            text.append("\n* ").append(statement.text()).append(" [").append(statement.passage()).append("]");
            truths.add(statement.truth());
        }
        return new Told(text.toString(), truths, lies);
    }
}
