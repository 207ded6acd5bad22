package graft.engine.remote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Optional;

/**
 * One event of a streamed completion, in whichever dialect: what of it the port needs.
 *
 * @param tokens   ids, in order
 * @param logprobs one a token, where asked for; else empty
 * @param top      alternatives a token, where asked for; else empty
 * @param finish   why it ended, in OpenAI's words
 * @param prompt   tokens of the prompt, with the usage
 * @param cached   those of them found in that server's cache
 * @param error    what it says instead
 */
record Chunk(List<Integer> tokens, List<Double> logprobs, List<List<Alternative>> top, Optional<String> finish,
        OptionalInt prompt, OptionalInt cached, Optional<String> error) {
    private static final JsonFactory FACTORY = new JsonFactory();

    record Alternative(int id, double logprob) {}

    static Chunk of(String json) throws IOException {
        try (JsonParser parser = FACTORY.createParser(json)) {
            Reading reading = new Reading();
            if (parser.nextToken() != JsonToken.START_OBJECT) throw new IOException("not an object");
            reading.object(parser, "");
            return reading.chunk();
        }
    }

    /** Gathers by field path; positions in arrays are left out of the path. */
    private static final class Reading {
        private final List<Integer> tokens = new ArrayList<>();
        private final List<Double> logprobs = new ArrayList<>();
        private final List<List<Alternative>> top = new ArrayList<>();
        private Optional<String> finish = Optional.empty();
        private OptionalInt prompt = OptionalInt.empty();
        private OptionalInt cached = OptionalInt.empty();
        private Optional<String> error = Optional.empty();
        private OptionalInt alternativeId = OptionalInt.empty();
        private OptionalDouble alternativeLogprob = OptionalDouble.empty();
        private boolean stopped;

        void object(JsonParser parser, String path) throws IOException {
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = path.isEmpty() ? parser.currentName() : path + "." + parser.currentName();
                parser.nextToken();
                value(parser, name);
            }
        }

        private void value(JsonParser parser, String path) throws IOException {
            switch (parser.currentToken()) {
                case START_OBJECT -> {
                    object(parser, path);
                    endObject(path);
                }
                case START_ARRAY -> {
                    boolean perToken = path.equals("choices.graft.top_logprobs")
                            || path.equals("completion_probabilities.top_logprobs");
                    if (perToken && path.startsWith("completion")) top.add(new ArrayList<>());
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        if (perToken && parser.currentToken() == JsonToken.START_ARRAY) top.add(new ArrayList<>());
                        value(parser, path);
                    }
                }
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser, path);
                case VALUE_STRING -> text(parser.getText(), path);
                case VALUE_TRUE -> stopped |= path.equals("stop");
                default -> { }
            }
        }

        private void number(JsonParser parser, String path) throws IOException {
            switch (path) {
                case "choices.graft.token_ids", "choices.token_ids", "tokens" -> tokens.add(parser.getIntValue());
                case "choices.logprobs.token_logprobs", "completion_probabilities.logprob" ->
                        logprobs.add(parser.getDoubleValue());
                case "choices.graft.top_logprobs.id", "completion_probabilities.top_logprobs.id" ->
                        alternativeId = OptionalInt.of(parser.getIntValue());
                case "choices.graft.top_logprobs.logprob", "completion_probabilities.top_logprobs.logprob" ->
                        alternativeLogprob = OptionalDouble.of(parser.getDoubleValue());
                case "usage.prompt_tokens", "tokens_evaluated" -> prompt = OptionalInt.of(parser.getIntValue());
                case "usage.prompt_tokens_details.cached_tokens", "timings.cache_n" ->
                        cached = OptionalInt.of(parser.getIntValue());
                default -> { }
            }
        }

        private void endObject(String path) {
            if (!path.endsWith("top_logprobs") || alternativeId.isEmpty() || alternativeLogprob.isEmpty()) return;
            top.getLast().add(new Alternative(alternativeId.getAsInt(), alternativeLogprob.getAsDouble()));
            alternativeId = OptionalInt.empty();
            alternativeLogprob = OptionalDouble.empty();
        }

        private void text(String text, String path) {
            switch (path) {
                case "choices.finish_reason" -> finish = Optional.of(text);
                // llama.cpp says how it ended in two fields.
                case "stop_type" -> finish = text.equals("none") ? finish
                        : Optional.of(text.equals("limit") ? "length" : "stop");
                case "error.message", "message", "error" -> error = Optional.of(text);
                default -> { }
            }
        }

        Chunk chunk() {
            if (stopped && finish.isEmpty()) finish = Optional.of("stop");
            return new Chunk(tokens, logprobs, top, finish, prompt, cached, error);
        }
    }
}
