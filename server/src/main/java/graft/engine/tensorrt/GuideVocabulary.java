package graft.engine.tensorrt;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The tokens of a Hugging Face tokenizer.json in order of their ids, as GuidedDecodingConfig wants them: the model's
 * vocabulary and the added tokens. Gaps are empty texts.
 */
final class GuideVocabulary {
    private GuideVocabulary() {}

    /** @param rows of the output head */
    static List<String> of(Optional<String> tokenizerJson, int rows) {
        if (tokenizerJson.isEmpty()) return List.of();
        Map<Integer, String> tokens = new TreeMap<>();
        try (JsonParser parser = new JsonFactory().createParser(tokenizerJson.get())) {
            read(parser, tokens);
        } catch (IOException e) {
            throw new UncheckedIOException("tokenizer.json can't be read", e);
        }
        return IntStream.range(0, rows).mapToObj(id -> tokens.getOrDefault(id, "")).toList();
    }

    private static void read(JsonParser parser, Map<Integer, String> tokens) throws IOException {
        int added = -1;
        for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
            String path = parser.getParsingContext().pathAsPointer().toString();
            if (token == JsonToken.VALUE_NUMBER_INT && path.startsWith("/model/vocab/")) {
                tokens.put(parser.getIntValue(), parser.currentName());
            } else if (path.startsWith("/added_tokens/") && path.endsWith("/id")
                    && token == JsonToken.VALUE_NUMBER_INT) {
                added = parser.getIntValue();
            } else if (path.startsWith("/added_tokens/") && path.endsWith("/content")
                    && token == JsonToken.VALUE_STRING && added >= 0) {
                tokens.put(added, parser.getText());
            }
        }
    }
}
