package graft.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Proves that every special token which a template of a tokenizer.json puts around a text is defined beside it. The
 * tokenizers library looks it up without asking, and its panic ends the whole process, not the call.
 */
final class SpecialTokens {
    private static final JsonFactory JSON = new JsonFactory();
    private static final String TEMPLATES = "post_processor";
    private static final Pattern USED = Pattern.compile("(/.*)/(?:single|pair)/\\d+/SpecialToken/id");
    private static final Pattern DEFINED = Pattern.compile("(/.*)/special_tokens");

    private SpecialTokens() {}

    /** @throws InvalidTokenizerException naming the token that is missing */
    static void prove(String tokenizerJson) {
        Map<String, Set<String>> used = new HashMap<>();
        Map<String, Set<String>> defined = new HashMap<>();
        try (JsonParser parser = JSON.createParser(tokenizerJson)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                boolean outer = token == JsonToken.FIELD_NAME && parser.getParsingContext().getParent().inRoot();
                if (outer && !parser.currentName().equals(TEMPLATES)) {
                    parser.nextToken();
                    parser.skipChildren();
                } else if (token == JsonToken.VALUE_STRING) {
                    Matcher id = USED.matcher(parser.getParsingContext().pathAsPointer().toString());
                    if (id.matches()) used.computeIfAbsent(id.group(1), key -> new HashSet<>()).add(parser.getText());
                } else if (token == JsonToken.FIELD_NAME && !outer) {
                    Matcher map = DEFINED.matcher(parser.getParsingContext().getParent().pathAsPointer().toString());
                    if (map.matches()) {
                        defined.computeIfAbsent(map.group(1), key -> new HashSet<>()).add(parser.currentName());
                    }
                }
            }
        } catch (IOException notJson) {
            throw new InvalidTokenizerException("tokenizer.json can't be read: " + notJson.getMessage(), notJson);
        }
        used.forEach((template, names) -> names.stream()
                .filter(name -> !defined.getOrDefault(template, Set.of()).contains(name)).findFirst()
                .ifPresent(name -> {
                    throw new InvalidTokenizerException("tokenizer.json: a template uses the special token " + name
                            + ", which is not among its special_tokens");
                }));
    }
}
