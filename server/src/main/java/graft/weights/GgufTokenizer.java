package graft.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Builds the text of a Hugging Face tokenizer.json from a GGUF file's vocabulary, so that one tokeniser library serves
 * both formats. Byte-level BPE ({@code gpt2}) and SentencePiece BPE with byte fallback ({@code llama}); a
 * pre-tokeniser that is not known exactly refuses the file by name, as a nearly right one would silently cost quality.
 */
final class GgufTokenizer {
    static final long CONTROL = 3;
    private static final long UNKNOWN = 2;
    private static final long USER_DEFINED = 4;
    private static final String KEYS = "tokenizer.ggml.";
    private final GgufMetadata metadata;
    private final List<String> tokens;
    private final long[] types;
    private final StringWriter text = new StringWriter();

    private GgufTokenizer(GgufMetadata metadata, List<String> tokens) {
        this.metadata = metadata;
        this.tokens = tokens;
        this.types = metadata.integers(KEYS + "token_type").orElse(new long[0]);
        if (types.length != 0 && types.length != tokens.size()) {
            throw metadata.refused(KEYS + "token_type", "is not as long as the vocabulary");
        }
    }

    /** Empty where the file has no vocabulary. */
    static Optional<String> json(GgufMetadata metadata) {
        if (metadata.string(KEYS + "model").orElse("none").equals("none")) return Optional.empty();
        return metadata.strings(KEYS + "tokens").map(tokens -> new GgufTokenizer(metadata, tokens).write());
    }

    private String write() {
        String model = metadata.string(KEYS + "model").orElseThrow();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("version", "1.0");
            addedTokens(json);
            switch (model) {
                case "gpt2" -> byteLevel(json, metadata.string(KEYS + "pre").orElse("default"));
                case "llama" -> sentencePiece(json);
                default -> throw metadata.refused(KEYS + "model",
                        "is a tokeniser that is not supported; gpt2 and llama are");
            }
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new IllegalStateException("writing to a string failed", impossible);
        }
        return text.toString();
    }

    private void addedTokens(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("added_tokens");
        for (int id = 0; id < types.length; id++) {
            if (types[id] != CONTROL && types[id] != USER_DEFINED && types[id] != UNKNOWN) continue;
            json.writeStartObject();
            json.writeNumberField("id", id);
            json.writeStringField("content", tokens.get(id));
            for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
                json.writeBooleanField(flag, false);
            }
            json.writeBooleanField("special", types[id] != USER_DEFINED);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void byteLevel(JsonGenerator json, String name) throws IOException {
        PreTokeniser pre = PreTokeniser.of(name)
                .orElseThrow(() -> metadata.refused(KEYS + "pre", "is a pre-tokeniser that is not known"));
        json.writeFieldName("normalizer");
        json.writeRawValue(pre.normalizer());
        json.writeFieldName("pre_tokenizer");
        json.writeRawValue(pre.json());
        postProcessor(json, pre.addsBegin());
        json.writeFieldName("decoder");
        json.writeRawValue(PreTokeniser.BYTE_LEVEL_DECODER);
        List<String> merges = metadata.strings(KEYS + "merges").orElseThrow(() -> metadata.missing(KEYS + "merges"));
        model(json, merges.stream().map(this::pair).toList(), pre.ignoresMerges(), false);
    }

    private String[] pair(String merge) {
        int space = merge.indexOf(' ', 1);
        if (space < 0 || space == merge.length() - 1) {
            throw new InvalidTensorFileException(metadata.file(), KEYS + "merges", "holds a line that is not a pair: "
                    + InvalidTensorFileException.printable(merge));
        }
        return new String[] {merge.substring(0, space), merge.substring(space + 1)};
    }

    private void sentencePiece(JsonGenerator json) throws IOException {
        double[] scores = metadata.numbers(KEYS + "scores").orElseThrow(() -> metadata.missing(KEYS + "scores"));
        if (scores.length != tokens.size()) throw metadata.refused(KEYS + "scores", "is not as long as the vocabulary");
        boolean prefix = metadata.flag(KEYS + "add_space_prefix").orElse(true);
        json.writeFieldName("normalizer");
        json.writeRawValue(prefix
                ? "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"▁\"},"
                        + "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"▁\"}]}"
                : "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"▁\"}");
        json.writeNullField("pre_tokenizer");
        postProcessor(json, true);
        json.writeFieldName("decoder");
        json.writeRawValue("{\"type\":\"Sequence\",\"decoders\":["
                + "{\"type\":\"Replace\",\"pattern\":{\"String\":\"▁\"},\"content\":\" \"},"
                + "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}"
                + (prefix ? ",{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}" : "") + "]}");
        model(json, SentencePieceMerges.of(tokens, scores), false, true);
    }

    private void model(JsonGenerator json, List<String[]> merges, boolean ignoreMerges, boolean byteFallback)
            throws IOException {
        json.writeObjectFieldStart("model");
        json.writeStringField("type", "BPE");
        json.writeNullField("dropout");
        Optional<String> unknown = byteFallback ? token("unknown") : Optional.empty();
        if (unknown.isPresent()) json.writeStringField("unk_token", unknown.get());
        else json.writeNullField("unk_token");
        json.writeNullField("continuing_subword_prefix");
        json.writeNullField("end_of_word_suffix");
        json.writeBooleanField("fuse_unk", byteFallback);
        json.writeBooleanField("byte_fallback", byteFallback);
        json.writeBooleanField("ignore_merges", ignoreMerges);
        json.writeObjectFieldStart("vocab");
        for (int id = 0; id < tokens.size(); id++) json.writeNumberField(tokens.get(id), id);
        json.writeEndObject();
        json.writeArrayFieldStart("merges");
        for (String[] merge : merges) json.writeArray(merge, 0, 2);
        json.writeEndArray();
        json.writeEndObject();
    }

    private void postProcessor(JsonGenerator json, boolean beginByDefault) throws IOException {
        List<String> before = new ArrayList<>();
        List<String> after = new ArrayList<>();
        if (metadata.flag(KEYS + "add_bos_token").orElse(beginByDefault)) token("bos").ifPresent(before::add);
        if (metadata.flag(KEYS + "add_eos_token").orElse(false)) token("eos").ifPresent(after::add);
        json.writeFieldName("post_processor");
        if (before.isEmpty() && after.isEmpty()) {
            json.writeNull();
            return;
        }
        json.writeStartObject();
        json.writeStringField("type", "TemplateProcessing");
        for (String side : List.of("single", "pair")) {
            json.writeArrayFieldStart(side);
            for (String sequence : side.equals("single") ? List.of("A") : List.of("A", "B")) {
                int typeId = sequence.equals("A") ? 0 : 1;
                for (String special : before) special(json, special, typeId);
                json.writeRawValue("{\"Sequence\":{\"id\":\"" + sequence + "\",\"type_id\":" + typeId + "}}");
                for (String special : after) special(json, special, typeId);
            }
            json.writeEndArray();
        }
        json.writeObjectFieldStart("special_tokens");
        before.addAll(after);
        for (String special : before.stream().distinct().toList()) {
            json.writeObjectFieldStart(special);
            json.writeStringField("id", special);
            json.writeArrayFieldStart("ids");
            json.writeNumber(tokens.indexOf(special));
            json.writeEndArray();
            json.writeArrayFieldStart("tokens");
            json.writeString(special);
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void special(JsonGenerator json, String token, int typeId) throws IOException {
        json.writeStartObject();
        json.writeObjectFieldStart("SpecialToken");
        json.writeStringField("id", token);
        json.writeNumberField("type_id", typeId);
        json.writeEndObject();
        json.writeEndObject();
    }

    private Optional<String> token(String kind) {
        return token(metadata, kind);
    }

    /** The string of {@code bos}, {@code eos}, {@code unknown}; empty where the file names none. */
    static Optional<String> token(GgufMetadata metadata, String kind) {
        String key = KEYS + kind + "_token_id";
        List<String> tokens = metadata.strings(KEYS + "tokens").orElse(List.of());
        return metadata.integer(key).map(id -> {
            if (id < 0 || id >= tokens.size()) throw metadata.refused(key, "is not in the vocabulary");
            return tokens.get(id);
        });
    }
}
