package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.knowledge.Document.Chunking;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChunkerTest {
    private static final int WINDOW = 62;
    private static final String[] PIECES = {"pump", "Ventil", "größer", "𝄞", "👩‍🚀", "e\u0301", "漢字",
        "# Title", "## Part ", "\r\n", "\n", "\n\n", "\r\n\r\n", ". ", "! ", "  ", "\t",
        "| a | b |\n", "```\n", "x".repeat(300), "\uFEFF", "-"};
    private final TextEmbedder embedder = WordEmbedder.text();
    private final Chunker chunker = new Chunker(embedder::count, WINDOW);

    @Test
    void everyChunkIsTheSliceItsOffsetsNameAndNoWordIsLost() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 400; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(200); i >= 0; i--) {
                text.append(PIECES[random.nextInt(PIECES.length)]);
                if (random.nextBoolean()) text.append(' ');
            }
            String[] extensions = {"md", "txt", "csv", ""};
            int max = 100 + random.nextInt(100);
            check(text.toString(), extensions[random.nextInt(4)], new Chunking(max, random.nextInt(max / 2 + 1)),
                    "seed " + seed + " round " + round);
        }
    }

    private List<Chunker.Piece> chunks(String text, String extension, Chunking chunking) {
        Chunker.Plan plan = chunker.plan(text, extension, chunking);
        return IntStream.range(0, plan.size()).mapToObj(plan::piece).toList();
    }

    private void check(String text, String extension, Chunking chunking, String where) {
        int[] points = text.codePoints().toArray();
        BitSet covered = new BitSet();
        int ordinal = 0;
        int formerEnd = 0;
        for (Chunker.Piece piece : chunks(text, extension, chunking)) {
            assertEquals(ordinal++, piece.ordinal(), where);
            assertEquals(new String(points, piece.start(), piece.end() - piece.start()), piece.body(), where);
            assertFalse(piece.body().isBlank(), where);
            assertTrue(piece.end() > formerEnd, where + ": every chunk brings something new");
            formerEnd = piece.end();
            assertTrue(embedder.count(piece.body()) <= chunking.maxTokens(), where);
            covered.set(piece.start(), piece.end());
            for (String window : piece.windows()) assertTrue(embedder.count(window) <= WINDOW, where);
            if (piece.heading().isEmpty()) {
                assertEquals(words(piece.body()), words(String.join("", piece.windows())), where);
            }
        }
        for (int i = 0; i < points.length; i++) {
            assertTrue(covered.get(i) || Character.isWhitespace(points[i]), where + ": code point " + i + " is lost");
        }
    }

    private static String words(String text) {
        return text.replaceAll("\\s", "");
    }

    @Test
    void aShortSheetIsOneChunkAndALongOneIsCutAtItsSections() {
        String sheet = "# Birch-103 pump\n\nIt pumps.\n\n## Care\n\nService it yearly.\n";
        List<Chunker.Piece> one = chunks(sheet, "md", new Chunking(800, 400));
        assertEquals(List.of(sheet.strip()), one.stream().map(Chunker.Piece::body).toList());

        StringBuilder text = new StringBuilder("# Manual\r\n\r\n");
        for (int section = 0; section < 6; section++) {
            text.append("## Section ").append(section).append("\r\n\r\n")
                    .append("It has words in it. ".repeat(10 + section)).append("\r\n\r\n");
        }
        List<Chunker.Piece> cut = chunks(text.toString(), "md", new Chunking(100, 0));
        assertEquals(6, cut.size());
        assertEquals("", cut.getFirst().heading());
        for (int section = 1; section < 6; section++) {
            assertTrue(cut.get(section).body().startsWith("## Section " + section), cut.get(section).body());
            assertEquals("Manual", cut.get(section).heading());
            assertTrue(cut.get(section).windows().getFirst().startsWith("Manual\n"));
        }
    }

    @Test
    void aTableStaysWholeWhereItFitsAndItsLaterRowsAreIndexedUnderItsHead() {
        String prose = "Words are here in a row. ".repeat(5) + "\n\n";
        String table = "| Part | Weight |\n| --- | --- |\n" + "| valve | 3 kg |\n".repeat(5) + "\n";
        List<Chunker.Piece> whole = chunks("# Parts\n\n" + prose + table, "md", new Chunking(60, 0));
        assertEquals(List.of(table.strip()), whole.stream().map(Chunker.Piece::body)
                .filter(body -> body.contains("valve")).toList());
        String rows = "| Part | Weight |\n| --- | --- |\n" + "| valve | 3 kg |\n".repeat(60);
        List<Chunker.Piece> cut = chunks("# Parts\n\n" + rows + "\nAfter it.\n\n" + prose.repeat(4), "md",
                new Chunking(100, 0));
        assertTrue(cut.size() > 3);
        assertEquals("Parts | Part, Weight", cut.get(1).heading());
        assertTrue(cut.get(1).windows().getFirst().startsWith("Parts | Part, Weight\n"));
        assertEquals("Parts", cut.getLast().heading());
        List<Chunker.Piece> data = chunks("name,kg\n" + "valve,3\n".repeat(200), "csv", new Chunking(100, 0));
        assertEquals("", data.getFirst().heading());
        assertEquals("| name,kg", data.getLast().heading());
    }

    @Test
    void neighboursShareNoMoreThanTheOverlapAndRepeatExactly() {
        String text = "One sentence of seven words is here. ".repeat(60);
        List<Chunker.Piece> pieces = chunks(text, "txt", new Chunking(100, 50));
        assertTrue(pieces.size() > 5);
        for (int i = 1; i < pieces.size(); i++) {
            int shared = pieces.get(i - 1).end() - pieces.get(i).start();
            assertTrue(shared > 100, "shared " + shared);
            assertTrue(embedder.count(text.substring(pieces.get(i).start(), pieces.get(i - 1).end())) <= 50);
        }
        assertEquals(pieces, chunks(text, "txt", new Chunking(100, 50)));
    }
}
