package graft.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import graft.generation.Delta.Cited;
import graft.knowledge.Citations;
import graft.knowledge.Passage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AnswerReaderTest {
    private static final List<Passage> PASSAGES = List.of(passage("a", "The pump weighs 134 kg.  It hums."),
            passage("b", "The valve\nweighs \uD834\uDD1E 2 kg."));

    private static Passage passage(String id, String text) {
        return new Passage(id, "file-" + id, id + ".md", "r1", 0, text.codePointCount(0, text.length()), text, 1);
    }

    /** What a reader made of a whole answer. */
    private record Read(String text, List<Cited> citations, int unverified) {}

    private static Read read(PromptFormat format, boolean showReasoning, List<Passage> passages, List<String> parts) {
        AnswerReader reader = AnswerReader.of(format, new Citations(passages), showReasoning);
        StringBuilder text = new StringBuilder();
        List<Cited> citations = new ArrayList<>();
        for (String part : parts) {
            AnswerReader.Part read = reader.push(part);
            text.append(read.text());
            citations.addAll(read.citations());
        }
        AnswerReader.Part last = reader.finish();
        citations.addAll(last.citations());
        return new Read(text + last.text(), citations, reader.unverifiedQuotes());
    }

    private static Read raft(String answer, boolean showReasoning) {
        return read(PromptFormat.RAFT_V1, showReasoning, PASSAGES, List.of(answer));
    }

    private static Read documents(String answer) {
        return read(PromptFormat.DOCUMENTS_V1, true, PASSAGES, List.of(answer));
    }

    @Test
    void aQuoteOfRaftBecomesACitationWhereItsNumberStands() {
        String answer = "##begin_quote## The pump weighs 134 kg. ##end_quote## [1]\n<ANSWER>: 134 kg";
        Read read = raft(answer, true);
        assertEquals(answer, read.text);
        assertEquals(1, read.citations.size());
        assertEquals("The pump weighs 134 kg.", read.citations.getFirst().citation().quote());
        assertEquals(answer.indexOf("[1]"), read.citations.getFirst().index());
        assertEquals(0, read.unverified);
    }

    @Test
    void aWrongNumberIsCorrectedAndAnInventedQuoteIsCountedAndNotCited() {
        Read read = raft("##begin_quote##The valve weighs \uD834\uDD1E 2 kg.##end_quote## [1] "
                + "##begin_quote## The pump weighs 135 kg. ##end_quote## [1]\n<ANSWER>: x", true);
        assertEquals(List.of(2), read.citations.stream().map(cited -> cited.citation().passage()).toList());
        assertEquals("The valve\nweighs \uD834\uDD1E 2 kg.", read.citations.getFirst().citation().quote());
        assertEquals(1, read.unverified);
    }

    @Test
    void aQuoteWithoutANumberIsCitedBehindItsTag() {
        String answer = "##begin_quote## It hums. ##end_quote## so";
        Read read = raft(answer, true);
        assertEquals(answer.indexOf(" so"), read.citations.getFirst().index());
        assertEquals(1, raft("##begin_quote## It hums. ##end_quote##", true).citations.size());
    }

    @Test
    void withoutReasoningOnlyTheAnswerIsSentWithItsCitations() {
        Read read = raft("##begin_quote## It hums. ##end_quote## [1]\n<ANSWER>: It \uD834\uDD1E hums", false);
        assertEquals("It \uD834\uDD1E hums", read.text);
        assertEquals(9, read.citations.getFirst().index());
        assertEquals("", raft("no mark at all", false).text);
    }

    @Test
    void anUnclosedQuoteIsNothing() {
        Read read = raft("##begin_quote## The pump weighs 134 kg.", true);
        assertEquals(List.of(), read.citations);
        assertEquals(0, read.unverified);
    }

    @Test
    void aBaseModelsNumberCitesOnlyWhatStandsThereWordForWord() {
        String answer = "Sure. The pump weighs 134 kg [1]. The valve is light [2].";
        Read read = documents(answer);
        assertEquals(List.of("The pump weighs 134 kg"), read.citations.stream().map(c -> c.citation().quote())
                .toList());
        assertEquals(answer.indexOf("[1]"), read.citations.getFirst().index());
        assertEquals(0, read.unverified);
        assertEquals(List.of(), documents("The pump weighs 134 kg [2].").citations);
        assertEquals(1, documents("It says \u201CIt hums.\u201D [2]").citations.size());
        assertEquals(1, documents("It says \"It sings.\" [1]").unverified);
    }

    @Test
    void withoutPassagesNumbersMeanNothing() {
        Read read = read(PromptFormat.DOCUMENTS_V1, true, List.of(), List.of("See \"this\" [1]."));
        assertEquals(0, read.unverified);
        assertEquals(List.of(), read.citations);
    }

    @Test
    void anySplitOfTheStreamGivesTheSameAnswer() {
        long seed = System.nanoTime();
        System.out.println("AnswerReaderTest seed " + seed);
        Random random = new Random(seed);
        String[] pieces = {"##begin_quote##", "##end_quote##", " It hums. ", "The pump weighs 134 kg.", " [1]", "[2]",
                " ", "\n",
            "<ANSWER>: ", "\uD834\uDD1E", "The valve weighs", "\"It hums.\" ", "[", "##", "12 kg. "};
        for (int round = 0; round < 3000; round++) {
            StringBuilder answer = new StringBuilder();
            for (int i = random.nextInt(14); i > 0; i--) answer.append(pieces[random.nextInt(pieces.length)]);
            List<String> parts = new ArrayList<>();
            for (int from = 0; from < answer.length();) {
                int to = Math.min(answer.length(), from + 1 + random.nextInt(9));
                if (to < answer.length() && Character.isLowSurrogate(answer.charAt(to))) to++;
                parts.add(answer.substring(from, to));
                from = to;
            }
            for (PromptFormat format : PromptFormat.values()) {
                for (boolean reasoning : new boolean[] {true, false}) {
                    Read whole = read(format, reasoning, PASSAGES, List.of(answer.toString()));
                    assertEquals(whole, read(format, reasoning, PASSAGES, parts), () -> answer + " in " + parts);
                }
            }
        }
    }
}
