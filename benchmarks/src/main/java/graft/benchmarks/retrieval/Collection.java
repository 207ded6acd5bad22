package graft.benchmarks.retrieval;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A test collection in BEIR's layout: corpus.jsonl (_id, title, text), queries.jsonl (_id, text), and judgements in
 * qrels/test.tsv or qrels.tsv (query-id, corpus-id, score, with or without a heading; TREC's four columns also do).
 * Blank lines and missing titles or texts are borne; ids may be strings or numbers.
 *
 * @param documents  ids to texts, in the file's order; a text may be blank
 * @param queries    ids to texts of those that are judged
 * @param judgements by query, document ids to grades
 */
public record Collection(Map<String, String> documents, Map<String, String> queries,
        Map<String, Map<String, Integer>> judgements) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** @throws IllegalArgumentException one sentence that names the file and line */
    public static Collection read(Path folder) throws IOException {
        Map<String, Map<String, Integer>> judgements = judgements(folder);
        Map<String, String> documents = new LinkedHashMap<>();
        each(required(folder, "corpus.jsonl"), row -> {
            String text = (text(row, "title") + " " + text(row, "text")).strip();
            if (documents.put(id(row), text) != null)
                throw new IllegalArgumentException("the id " + id(row) + " is there twice");
        });
        Map<String, String> queries = new LinkedHashMap<>();
        each(required(folder, "queries.jsonl"), row -> {
            if (judgements.containsKey(id(row))) queries.put(id(row), text(row, "text"));
        });
        if (queries.isEmpty()) throw new IllegalArgumentException(folder + " holds no query with a judgement.");
        return new Collection(documents, queries, judgements);
    }

    private static Path required(Path folder, String name) {
        Path file = folder.resolve(name);
        if (!Files.isRegularFile(file)) throw new IllegalArgumentException(file + " is missing.");
        return file;
    }

    private static void each(Path file, Consumer<JsonNode> row) throws IOException {
        int number = 0;
        try (Stream<String> lines = Files.lines(file)) {
            for (String line : (Iterable<String>) lines::iterator) {
                number++;
                if (clean(line).isBlank()) continue;
                try {
                    row.accept(JSON.readTree(clean(line)));
                } catch (IOException | IllegalArgumentException e) {
                    throw new IllegalArgumentException(file + ", line " + number + ": " + e.getMessage(), e);
                }
            }
        }
    }

    private static String clean(String line) {
        return line.startsWith("\ufeff") ? line.substring(1) : line;
    }

    private static String id(JsonNode row) {
        JsonNode id = row.path("_id");
        if (!id.isTextual() && !id.isNumber()) throw new IllegalArgumentException("no _id");
        return id.asText();
    }

    private static String text(JsonNode row, String field) {
        JsonNode text = row.path(field);
        return text.isTextual() ? text.textValue().replace('\0', ' ') : ""; // no text file may hold U+0000
    }

    private static Map<String, Map<String, Integer>> judgements(Path folder) throws IOException {
        Path file = Files.isRegularFile(folder.resolve("qrels/test.tsv")) ? folder.resolve("qrels/test.tsv")
                : required(folder, "qrels.tsv");
        Map<String, Map<String, Integer>> judgements = new LinkedHashMap<>();
        List<String> lines = new ArrayList<>(Files.readAllLines(file));
        for (int i = 0; i < lines.size(); i++) {
            String line = clean(lines.get(i)).strip();
            if (line.isEmpty()) continue;
            String[] fields = line.contains("\t") ? line.split("\t") : line.split("\\s+");
            String grade = fields[fields.length - 1].strip();
            if (i == 0 && !grade.matches("-?\\d+(\\.\\d+)?")) continue; // the heading
            if (fields.length < 3 || !grade.matches("-?\\d+(\\.\\d+)?"))
                throw new IllegalArgumentException(file + ", line " + (i + 1) + ": not query, document and grade");
            judgements.computeIfAbsent(fields[0].strip(), query -> new LinkedHashMap<>())
                    .put(fields[fields.length - 2].strip(), (int) Double.parseDouble(grade));
        }
        return judgements;
    }
}
