package graft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import graft.engine.GeneratedToken;
import graft.generation.EngineModel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Probabilities of tokens in the three shapes that clients read. */
final class Logprobs {
    private Logprobs() {}

    /** Of chat completions. */
    record Chat(List<Entry> content, List<Entry> refusal) {}

    /** @param topLogprobs null in an alternative */
    record Entry(String token, double logprob, List<Integer> bytes,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<Entry> topLogprobs) {}

    /** Of completions, before chat. */
    record Legacy(List<String> tokens, List<Double> tokenLogprobs, List<Map<String, Double>> topLogprobs,
            List<Integer> textOffset) {}

    /** Of our own: ids instead of texts. */
    record ById(int id, double logprob) {}

    static Chat chat(List<GeneratedToken> tokens, EngineModel model, int alternatives) {
        return new Chat(tokens.stream().map(token -> entry(token.id(), token.logprob(), model, token.top().stream()
                .limit(alternatives).map(other -> entry(other.id(), other.logprob(), model, null)).toList())).toList(),
                        null);
    }

    private static Entry entry(int id, double logprob, EngineModel model, List<Entry> alternatives) {
        byte[] bytes = model.bytes(id);
        List<Integer> values = new ArrayList<>(bytes.length);
        for (byte one : bytes) values.add(one & 0xff);
        return new Entry(text(bytes), logprob, values, alternatives);
    }

    /** Half a character reads as U+FFFD; its bytes tell. */
    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** @param offset where the first token stands in the choice's text */
    static Legacy legacy(List<GeneratedToken> tokens, EngineModel model, int alternatives, int offset) {
        Legacy all = new Legacy(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        int at = offset;
        for (GeneratedToken token : tokens) {
            String text = text(model.bytes(token.id()));
            Map<String, Double> top = new LinkedHashMap<>();
            token.top().stream().limit(alternatives).forEach(other ->
                    top.putIfAbsent(text(model.bytes(other.id())), (double) other.logprob()));
            all.tokens.add(text);
            all.tokenLogprobs.add((double) token.logprob());
            all.topLogprobs.add(top);
            all.textOffset.add(at);
            at += text.codePointCount(0, text.length());
        }
        return all;
    }

    static List<List<ById>> byId(List<GeneratedToken> tokens, int alternatives) {
        return tokens.stream().map(token -> token.top().stream().limit(alternatives)
                .map(other -> new ById(other.id(), other.logprob())).toList()).toList();
    }
}
