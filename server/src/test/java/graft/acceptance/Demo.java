package graft.acceptance;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** The demo's golden files and the requests made of them. */
final class Demo {
    private static final Path FOLDER = RunningGraft.ROOT.resolve("server/src/test/resources/demo");

    private Demo() {}

    static JsonNode golden(String file) {
        try {
            return RunningGraft.JSON.readTree(FOLDER.resolve(file).toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<JsonNode> lines(String file) {
        try {
            List<JsonNode> rows = new ArrayList<>();
            for (String line : Files.readAllLines(FOLDER.resolve(file))) rows.add(RunningGraft.JSON.readTree(line));
            return rows;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A greedy chat completion that reports token ids and the two likeliest alternatives of each. */
    static JsonNode greedy(RunningGraft graft, String model, JsonNode messages, int maxTokens) {
        RunningGraft.Reply reply = graft.post(graft.demoKey(), "/v1/chat/completions", Map.of("model", model,
                "messages", messages, "max_tokens", maxTokens, "temperature", 0,
                "graft", Map.of("return_token_ids", true, "top_logprobs", 2)));
        if (reply.status() != 200) throw new AssertionError(model + ": " + reply.status() + " " + reply.json());
        return reply.json();
    }

    static int[] ids(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }

    static int[] tokenIds(JsonNode completion) {
        return ids(completion.at("/choices/0/graft/token_ids"));
    }

    /**
     * Empty if the answer equals the wanted tokens, or first differs where this answer's own two likeliest tokens are
     * nearer than the tie; else a sentence that says where and by how much.
     */
    static String difference(int[] wanted, JsonNode completion, double tie) {
        int[] got = tokenIds(completion);
        for (int i = 0; i < Math.min(wanted.length, got.length); i++) {
            if (wanted[i] == got[i]) continue;
            JsonNode top = completion.at("/choices/0/graft/top_logprobs").get(i);
            double gap = top.get(0).get("logprob").asDouble() - top.get(1).get("logprob").asDouble();
            return gap < tie ? "" : "token " + i + " is " + got[i] + ", not " + wanted[i] + " (gap " + gap + ")";
        }
        return wanted.length == got.length ? "" : got.length + " tokens, not " + wanted.length;
    }

    /** Runs all at once, so that the engine mixes them, and returns the results in order. */
    static <T> List<T> together(int parallel, List<Callable<T>> tasks) {
        try (ExecutorService threads = Executors.newFixedThreadPool(parallel)) {
            List<T> results = new ArrayList<>();
            for (Future<T> future : threads.invokeAll(tasks)) results.add(future.get());
            return results;
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
