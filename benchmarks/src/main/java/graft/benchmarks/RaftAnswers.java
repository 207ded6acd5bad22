package graft.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import graft.benchmarks.peers.CompletionClient.Told;
import graft.benchmarks.peers.GraftServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What n-gram speculation is worth where answers quote what they read: the demo's raft-reader asked about the demo's
 * handbook, over a knowledge store, by one client after the other; two servers that differ in one setting, by turns.
 */
final class RaftAnswers {
    private static final List<String> QUESTIONS = List.of("How long is the warranty of the %s?",
            "What is the default password of the %s?", "How often must the %s be serviced?",
            "What is the operating pressure of the %s?", "Who supplies the %s?", "How much does the %s weigh?");
    private static final int MOST_TOKENS = 120;
    private static final String WITH = "speculating";
    private static final String WITHOUT = "not speculating";
    private final Rounds rounds;
    private final int questions;
    private int different;
    private int asked;

    /** @param questions a round and server */
    RaftAnswers(Rounds rounds, int questions) {
        this.rounds = rounds;
        this.questions = questions;
    }

    void run(Options options, Path work, Report report) throws IOException {
        String precision = options.precision();
        try (GraftServer with = GraftServer.demo(WITH, options.root(), work, Map.of("GRAFT_PRECISION", precision));
                GraftServer without = GraftServer.demo(WITHOUT, options.root(), work, Map.of("GRAFT_PRECISION", precision,
                        "GRAFT_ENGINE_SPECULATION_MODE", "off"))) {
            for (int round = -options.warm(); round < options.rounds(); round++) {
                if (round == 0) {
                    rounds.count();
                    different = 0;
                    asked = 0;
                }
                System.err.println(round < 0 ? "warming" : "round " + (round + 1) + " of " + options.rounds());
                measure(round, round % 2 == 0 ? List.of(with, without) : List.of(without, with));
            }
            report.note("RAFT answers: " + asked + " questions, " + different + " answers differ between the servers; "
                    + counted(with));
        }
        report.ratio("RAFT answers, tokens/s after the first: with / without speculation",
                rounds.of(name(WITH, "tokens/s")).over(rounds.of(name(WITHOUT, "tokens/s"))), Goal.atLeast(1.5));
        report.ratio("RAFT answers, answers/s with retrieval and prompt: with / without",
                rounds.of(name(WITH, "answers/s")).over(rounds.of(name(WITHOUT, "answers/s"))));
    }

    private static String name(String server, String unit) {
        return "RAFT answers, " + server + " (" + unit + ")";
    }

    private void measure(int round, List<GraftServer> servers) throws IOException {
        List<List<String>> texts = new ArrayList<>();
        for (GraftServer server : servers) {
            long decoding = 0;
            long whole = 0;
            int tokens = 0;
            List<String> own = new ArrayList<>();
            for (String question : questions(server, new Random(round))) {
                Told told = server.client().chat(Map.of("model", "raft-reader", "temperature", 0, "max_tokens", MOST_TOKENS,
                        "messages", List.of(Map.of("role", "user", "content", question)),
                        "graft", Map.of("vector_store_ids", List.of(handbook(server)))));
                decoding += told.last() - told.first();
                whole += told.last() - told.start();
                tokens += told.tokens() - 1;
                own.add(told.text());
            }
            rounds.add(name(server.name(), "tokens/s"), tokens / (decoding / 1e9));
            rounds.add(name(server.name(), "answers/s"), questions / (whole / 1e9));
            texts.add(own);
        }
        asked += questions;
        for (int i = 0; i < questions; i++) if (!texts.get(0).get(i).equals(texts.get(1).get(i))) different++;
    }

    /** Of units that the handbook has sheets about; some of them say nothing of what is asked. */
    private List<String> questions(GraftServer server, Random random) throws IOException {
        List<String> units = new ArrayList<>();
        for (JsonNode file : get(server, "/v1/files?limit=100").get("data")) {
            String[] words = file.get("filename").asText().replace(".md", "").split("-");
            if (words.length == 3) units.add(Character.toUpperCase(words[0].charAt(0)) + words[0].substring(1) + "-"
                    + words[1] + " " + words[2]);
        }
        units.sort(null);
        List<String> made = new ArrayList<>();
        while (made.size() < questions)
            made.add(QUESTIONS.get(random.nextInt(QUESTIONS.size())).formatted(units.get(random.nextInt(units.size()))));
        return made;
    }

    private static String handbook(GraftServer server) throws IOException {
        for (JsonNode store : get(server, "/v1/vector_stores?limit=100").get("data"))
            if (store.get("name").asText().equals("handbook")) return store.get("id").asText();
        throw new IOException("the demo has no handbook");
    }

    private static JsonNode get(GraftServer server, String path) throws IOException {
        return server.client().send(server.client().request(path).GET().build());
    }

    /** What the server itself counted. */
    private static String counted(GraftServer server) throws IOException {
        StringBuilder counted = new StringBuilder();
        server.client().text(server.client().request("/metrics").GET().build()).lines()
                .filter(line -> line.startsWith("vllm:spec_decode")).forEach(line -> counted.append(line).append(' '));
        return counted.toString().strip();
    }
}
