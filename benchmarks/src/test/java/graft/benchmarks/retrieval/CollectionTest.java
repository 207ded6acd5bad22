package graft.benchmarks.retrieval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CollectionTest {
    @TempDir Path folder;

    @Test
    void idsTitlesTextsAndBlankLinesMayBeAsTheyComeInTheWild() throws IOException {
        Files.writeString(folder.resolve("corpus.jsonl"), """
                \ufeff{"_id": "MED-10/a b", "title": "T", "text": "x"}

                {"_id": 7, "text": "only text"}
                {"_id": "n", "title": null, "text": ""}
                """);
        Files.writeString(folder.resolve("queries.jsonl"), """
                {"_id": "q1", "text": "asked"}
                {"_id": "q2", "text": "not judged"}
                """);
        Files.createDirectories(folder.resolve("qrels"));
        Files.writeString(folder.resolve("qrels/test.tsv"),
                "query-id\tcorpus-id\tscore\nq1\tMED-10/a b\t2\nq1\t7\t0\n");
        Collection read = Collection.read(folder);
        assertEquals(List.of("MED-10/a b", "7", "n"), List.copyOf(read.documents().keySet()));
        assertEquals(List.of("T x", "only text", ""), List.copyOf(read.documents().values()));
        assertEquals(Map.of("q1", "asked"), read.queries());
        assertEquals(Map.of("MED-10/a b", 2, "7", 0), read.judgements().get("q1"));
        Files.writeString(folder.resolve("corpus.jsonl"), "{\"text\": 1}\n");
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Collection.read(folder)).getMessage()
                .contains("corpus.jsonl, line 1"));
    }

    @Test
    void theArithmeticIsTrecEvals() {
        Map<String, Integer> judged = Map.of("a", 2, "b", 1, "c", 0);
        assertEquals(1, Quality.of(List.of("a", "b", "x"), judged).ndcg(), 1e-9);
        double log3 = Math.log(3) / Math.log(2);
        assertEquals((1 + 2 / log3) / (2 + 1 / log3), Quality.of(List.of("b", "a"), judged).ndcg(), 1e-9);
        assertEquals(0.5, Quality.of(List.of("c", "b"), judged).recall(), 1e-9);
        assertEquals(0, Quality.of(List.of("c"), Map.of("c", 0)).ndcg(), 1e-9);
    }
}
