package graft.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What of a tokenizer.json is needed to turn ids into bytes without the native library: the strings, which of them are
 * special, and how the decoder reads them. Immutable.
 */
final class Vocabulary {
    /** How strings of the vocabulary stand for bytes. */
    enum Spelling {
        /** GPT-2's alphabet: each character is one byte. */
        BYTE_LEVEL,
        /** A lower one eighth block is a space, {@code <0xE2>} is one byte. */
        SENTENCE_PIECE,
        /** Something else, WordPiece for one: only the native decoder knows. */
        OTHER
    }

    private static final int LARGEST_ID = 1 << 24;
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(64).build())
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();
    private static final Map<Character, Byte> BYTE_OF = byteLevelAlphabet();

    private final Map<Integer, String> strings = new HashMap<>();
    private final Set<Integer> added = new HashSet<>();
    private final Set<Integer> special = new HashSet<>();
    private final Set<String> decoders = new HashSet<>();
    private final Spelling spelling;
    private final boolean stripsFirstSpace;
    private final byte[][] bytes;

    private Vocabulary(JsonParser parser) throws IOException {
        readTop(parser);
        stripsFirstSpace = decoders.contains("Strip");
        spelling = decoders.contains("ByteLevel") ? Spelling.BYTE_LEVEL
                : decoders.contains("ByteFallback") && decoders.contains("Replace") ? Spelling.SENTENCE_PIECE
                : Spelling.OTHER;
        int size = strings.keySet().stream().mapToInt(id -> id + 1).max().orElse(0);
        bytes = new byte[size][];
        Arrays.setAll(bytes, id -> spell(id, strings.getOrDefault(id, "")));
    }

    /** @throws InvalidTokenizerException when the text is not a tokenizer.json */
    static Vocabulary parse(String json) {
        try (JsonParser parser = FACTORY.createParser(json)) {
            return new Vocabulary(parser);
        } catch (IOException notJson) {
            throw new InvalidTokenizerException("tokenizer.json is not JSON", notJson);
        }
    }

    int size() {
        return bytes.length;
    }

    Spelling spelling() {
        return spelling;
    }

    /** Whether the first space of a whole text is not part of it (SentencePiece puts one before every text). */
    boolean stripsFirstSpace() {
        return stripsFirstSpace;
    }

    boolean isSpecial(int id) {
        return special.contains(id);
    }

    /** Empty bytes for an id that the vocabulary skips or that lies beyond it (padding rows of the output head). */
    byte[] bytes(int id) {
        return id >= 0 && id < bytes.length ? bytes[id] : new byte[0];
    }

    private void readTop(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new InvalidTokenizerException("tokenizer.json is not a JSON object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "added_tokens" -> readAdded(parser);
                case "model" -> readModel(parser);
                case "decoder" -> readDecoders(parser);
                default -> parser.skipChildren();
            }
        }
    }

    private void readAdded(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.START_OBJECT) {
            int id = -1;
            boolean isSpecial = false;
            Optional<String> content = Optional.empty();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                parser.nextToken();
                switch (field) {
                    case "id" -> id = parser.getIntValue();
                    case "content" -> content = Optional.of(parser.getText());
                    case "special" -> isSpecial = parser.getBooleanValue();
                    default -> parser.skipChildren();
                }
            }
            put(id, content.orElseThrow(() -> new InvalidTokenizerException("an added token has no content")));
            added.add(id);
            if (isSpecial) special.add(id);
        }
    }

    private void readModel(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            if (!field.equals("vocab")) {
                parser.skipChildren();
            } else if (value == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String token = parser.currentName();
                    parser.nextToken();
                    put(parser.getIntValue(), token);
                }
            } else {
                readUnigram(parser);
            }
        }
    }

    /** A list of [string, score], where the position is the id. */
    private void readUnigram(JsonParser parser) throws IOException {
        for (int id = 0; parser.nextToken() == JsonToken.START_ARRAY; id++) {
            parser.nextToken();
            put(id, parser.getText());
            while (parser.nextToken() != JsonToken.END_ARRAY) parser.skipChildren();
        }
    }

    private void readDecoders(JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) return;
        for (int depth = 1; depth > 0; ) {
            JsonToken token = parser.nextToken();
            if (token == JsonToken.START_OBJECT) depth++;
            else if (token == JsonToken.END_OBJECT) depth--;
            else if (token == JsonToken.FIELD_NAME
                    && parser.currentName().equals("type")) decoders.add(parser.nextTextValue());
            else if (token == null) throw new IOException("it ends inside the decoder");
        }
    }

    private void put(int id, String token) {
        if (id < 0 || id > LARGEST_ID) throw new InvalidTokenizerException("the id " + id + " is out of range");
        strings.putIfAbsent(id, token);
    }

    private byte[] spell(int id, String token) {
        byte[] plain = token.getBytes(StandardCharsets.UTF_8);
        return switch (spelling) {
            case BYTE_LEVEL -> byteLevel(token).orElse(plain);
            case SENTENCE_PIECE -> {
                if (!added.contains(id) && token.matches("<0x[0-9A-F]{2}>")) {
                    yield new byte[] {(byte) Integer.parseInt(token.substring(3, 5), 16)};
                }
                yield token.replace('▁', ' ').getBytes(StandardCharsets.UTF_8);
            }
            case OTHER -> plain;
        };
    }

    private static Optional<byte[]> byteLevel(String token) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(token.length());
        for (int i = 0; i < token.length(); i++) {
            Byte one = BYTE_OF.get(token.charAt(i));
            if (one == null) return Optional.empty();
            out.write(one);
        }
        return Optional.of(out.toByteArray());
    }

    /** Printable Latin-1 characters stand for themselves, the other bytes for the characters from U+0100 on. */
    private static Map<Character, Byte> byteLevelAlphabet() {
        Map<Character, Byte> alphabet = new HashMap<>();
        char next = 0x100;
        for (int value = 0; value < 256; value++) {
            boolean printable = value >= '!' && value <= '~' || value >= 0xa1 && value <= 0xac || value >= 0xae;
            alphabet.put(printable ? (char) value : next++, (byte) value);
        }
        return Map.copyOf(alphabet);
    }
}
