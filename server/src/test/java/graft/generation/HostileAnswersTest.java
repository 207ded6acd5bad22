package graft.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.generation.Delta.Cited;
import graft.generation.HostileAnswers.Told;
import graft.knowledge.Citations;
import graft.tokens.ByteTokenizer;
import graft.tokens.Detokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Quotes that are altered, cut, of another passage, invisible or badly tagged, in streams that break anywhere. */
class HostileAnswersTest {
    private static final int ANSWERS = 500;
    private int cited;
    private int lies;
    private int streams;

    @Test
    void noUnverifiedCitationLeavesAndAllTrueOnesDo() {
        long seed = System.nanoTime();
        for (int i = 0; i < ANSWERS; i++) {
            HostileAnswers world = new HostileAnswers(seed + i);
            PromptFormat format = PromptFormat.values()[i % 2];
            Told told = format == PromptFormat.RAFT_V1 ? world.raft() : world.documents();
            check(world, format, told, "seed " + (seed + i) + " " + format + ": " + told);
        }
        System.out.println("HostileAnswersTest seed=" + seed + " answers=" + ANSWERS + " true_quotes_cited=" + cited
                + " false_quotes_held_back=" + lies + " streams=" + streams);
        assertTrue(cited > ANSWERS && lies > ANSWERS, "cited " + cited + " lies " + lies);
    }

    /** What a choice sent of a whole answer. */
    private record Sent(String text, List<Cited> citations, int unverified) {}

    private void check(HostileAnswers world, PromptFormat format, Told told, String where) {
        Citations citations = new Citations(world.passages);
        Sent whole = read(format, citations, List.of(told.text()));
        verify(world, told, whole, where);
        assertEquals(whole, tokens(format, citations, told.text()), where);
        List<String> points = told.text().codePoints().mapToObj(Character::toString).toList();
        assertEquals(whole, read(format, citations, points), where);
        for (int cut = 1; cut < told.text().length(); cut++) {
            List<String> parts = List.of(told.text().substring(0, cut), told.text().substring(cut));
            assertEquals(whole, read(format, citations, parts), where + " cut at " + cut);
            streams++;
        }
        streams += 3;
        cited += whole.citations().size();
        lies += whole.unverified();
    }

    private static void verify(HostileAnswers world, Told told, Sent sent, String where) {
        assertEquals(told.text(), sent.text(), where);
        List<String> quotes = new ArrayList<>();
        for (Cited one : sent.citations()) {
            int number = Integer.parseInt(one.citation().fileId().substring("file-".length()));
            int[] points = world.documents.get(number).codePoints().toArray();
            assertEquals(new String(points, one.citation().start(), one.citation().end() - one.citation().start()),
                    one.citation().quote(), where);
            assertEquals(world.passages.get(one.citation().passage() - 1).fileId(), one.citation().fileId(), where);
            assertTrue(one.index() <= told.text().codePointCount(0, told.text().length()), where);
            quotes.add(HostileAnswers.collapsed(one.citation().quote()));
        }
        assertEquals(told.truths(), quotes, where);
        assertEquals(told.lies(), sent.unverified(), where);
    }

    private static Sent read(PromptFormat format, Citations citations, List<String> parts) {
        AnswerReader reader = AnswerReader.of(format, citations, true);
        StringBuilder text = new StringBuilder();
        List<Cited> found = new ArrayList<>();
        for (String part : parts) {
            AnswerReader.Part read = reader.push(part);
            text.append(read.text());
            found.addAll(read.citations());
        }
        AnswerReader.Part last = reader.finish();
        found.addAll(last.citations());
        return new Sent(text + last.text(), found, reader.unverifiedQuotes());
    }

    /** As the server streams it: a byte is a token, and a character may be several. */
    private static Sent tokens(PromptFormat format, Citations citations, String answer) {
        try (ByteTokenizer tokenizer = new ByteTokenizer()) {
            Detokenizer detokenizer = tokenizer.newDetokenizer();
            Choice choice = new Choice(0, Optional.of(detokenizer), Optional.empty(), List.of("never said"),
                    AnswerReader.of(format, citations, true), Set.of());
            StringBuilder text = new StringBuilder();
            List<Cited> found = new ArrayList<>();
            for (int id : ByteTokenizer.ids(answer)) {
                choice.token(new GeneratedToken(id, 0, 0, List.of())).ifPresent(delta -> {
                    text.append(delta.text());
                    found.addAll(delta.citations());
                });
            }
            Delta last = choice.finish(new Finished(Finished.Reason.STOP_TOKEN, 0, 0, 0, 0, 0, Optional.empty()));
            found.addAll(last.citations());
            return new Sent(text + last.text(), found, choice.unverifiedQuotes());
        }
    }
}
