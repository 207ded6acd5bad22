package graft.acceptance.swap;

import com.fasterxml.jackson.databind.JsonNode;
import graft.acceptance.RunningGraft;
import graft.acceptance.RunningGraft.Reply;
import graft.api.MultipartBody;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What the swap tests ask of a running Graft, in its operator's name. Any thread may call. */
final class SwapClient {
    static final String ADAPTER = "swap";
    private static final HttpClient STREAMS = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final RunningGraft graft;

    SwapClient(RunningGraft graft) {
        this.graft = graft;
    }

    /** A request that was not answered as it had to be. */
    static final class Failed extends RuntimeException {
        private static final long serialVersionUID = 1;
        final int status;

        Failed(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    /**
     * @param asked what the request named: an alias or a version
     * @param model and digest as the answer says
     * @param start and end of the request, by System.nanoTime
     */
    record Answer(String asked, String model, String digest, int prompt, List<Integer> tokens, long start, long end) {
        int version() {
            return Integer.parseInt(model.substring(model.indexOf('@') + 1));
        }
    }

    record Version(int number, String digest) {}

    Version upload(String adapter, PeftVersion version) {
        HttpRequest request = graft.request(graft.adminKey(), "/admin/v1/adapters/" + adapter + "/versions")
                .header("Content-Type", MultipartBody.TYPE)
                .POST(HttpRequest.BodyPublishers.ofByteArray(version.upload().bytes())).build();
        JsonNode json = accepted(201, graft.send(request));
        return new Version(json.get("version").asInt(), json.get("digest").asText());
    }

    void move(String adapter, String alias, int version) {
        accepted(200, graft.put(graft.adminKey(), "/admin/v1/adapters/" + adapter + "/aliases/" + alias,
                Map.of("version", version)));
    }

    void delete(String adapter, int version) {
        accepted(200, graft.delete(graft.adminKey(), "/admin/v1/adapters/" + adapter + "/versions/" + version));
    }

    JsonNode adapter(String adapter) {
        return accepted(200, graft.get(graft.adminKey(), "/admin/v1/adapters/" + adapter));
    }

    byte[] files(String adapter, int version) {
        Reply reply = graft.get(graft.adminKey(), "/admin/v1/adapters/" + adapter + "/versions/" + version + "/files");
        if (reply.status() != 200) throw new Failed(reply.status(), adapter + "@" + version + ": " + reply.json());
        return reply.response().body();
    }

    /** Returns once the server answers from its database again. */
    void awaitDatabase() {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (graft.get(graft.adminKey(), "/health/ready").status() != 200) {
            if (System.nanoTime() > deadline) throw new Failed(503, "the database did not come back within a minute");
            Thread.onSpinWait();
        }
    }

    int status(String model, int prompt) {
        return graft.post(graft.adminKey(), "/v1/completions", body(model, prompt, 1, false)).status();
    }

    Answer answer(String model, int prompt, int tokens) {
        long start = System.nanoTime();
        JsonNode json = accepted(200, graft.post(graft.adminKey(), "/v1/completions", body(model, prompt, tokens, false)));
        return new Answer(model, json.get("model").asText(), json.at("/graft/adapter_digest").asText(), prompt,
                ids(json), start, System.nanoTime());
    }

    /** The chunks of a streamed answer; the caller closes it, early if it likes. */
    final class Streamed implements AutoCloseable {
        private final String asked;
        private final int prompt;
        private final long start = System.nanoTime();
        private final Stream<String> lines;
        private final Iterator<String> iterator;
        private final List<Integer> tokens = new ArrayList<>();
        private String model = "";

        private Streamed(String asked, int prompt, int most) {
            this.asked = asked;
            this.prompt = prompt;
            HttpRequest request = graft.request(graft.adminKey(), "/v1/completions")
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(text(body(asked, prompt, most, true)))).build();
            try {
                HttpResponse<Stream<String>> response = STREAMS.send(request, HttpResponse.BodyHandlers.ofLines());
                lines = response.body();
                if (response.statusCode() != 200)
                    throw new Failed(response.statusCode(), asked + ": " + String.join("", lines.toList()));
                iterator = lines.iterator();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }

        /** Reads on until at least one token is there. */
        void awaitFirstToken() {
            while (tokens.isEmpty()) chunk(next());
        }

        Answer rest() {
            String digest = "";
            for (String data = next(); !data.equals("[DONE]"); data = next()) {
                JsonNode json = chunk(data);
                if (json.hasNonNull("graft")) digest = json.at("/graft/adapter_digest").asText();
            }
            return new Answer(asked, model, digest, prompt, List.copyOf(tokens), start, System.nanoTime());
        }

        private String next() {
            while (iterator.hasNext()) {
                String line = iterator.next();
                if (line.startsWith("data: ")) return line.substring(6);
            }
            throw new Failed(200, asked + ": the stream ended before its end, after " + tokens.size() + " tokens");
        }

        private JsonNode chunk(String data) {
            JsonNode json = json(data);
            if (json.has("error")) throw new Failed(200, asked + ": " + json);
            model = json.get("model").asText();
            tokens.addAll(ids(json));
            return json;
        }

        @Override
        public void close() {
            lines.close();
        }
    }

    Streamed stream(String model, int prompt, int tokens) {
        return new Streamed(model, prompt, tokens);
    }

    private static Map<String, Object> body(String model, int prompt, int tokens, boolean stream) {
        return Map.of("model", model, "prompt", Prompts.ids(prompt), "max_tokens", tokens, "temperature", 0,
                "ignore_eos", true, "stream", stream, "graft", Map.of("return_token_ids", true));
    }

    private static List<Integer> ids(JsonNode json) {
        List<Integer> ids = new ArrayList<>();
        json.at("/choices/0/graft/token_ids").forEach(id -> ids.add(id.asInt()));
        return ids;
    }

    private static JsonNode accepted(int wanted, Reply reply) {
        if (reply.status() != wanted) throw new Failed(reply.status(), reply.status() + ": " + reply.json());
        return reply.json();
    }

    private static JsonNode json(String text) {
        try {
            return RunningGraft.JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Object body) {
        try {
            return RunningGraft.JSON.writeValueAsString(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
