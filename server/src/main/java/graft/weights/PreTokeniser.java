package graft.weights;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.util.Optional;

/**
 * How text is cut before byte-level BPE, by the names that GGUF files carry in tokenizer.ggml.pre; the expressions are
 * those of the models' own tokenizer.json.
 *
 * @param json          the pre_tokenizer of tokenizer.json
 * @param normalizer    its normalizer, {@code null} as JSON where there is none
 * @param ignoresMerges a word that is in the vocabulary is one token even if merges would not reach it
 * @param addsBegin     whether a BOS token precedes a text where the file does not say
 */
record PreTokeniser(String json, String normalizer, boolean ignoresMerges, boolean addsBegin) {
    static final String BYTE_LEVEL_DECODER = """
            {"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}""";
    private static final String NO_NORMALIZER = "null";
    private static final String NFC = """
            {"type":"NFC"}""";
    private static final String BYTES = """
            {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}""";
    private static final String GPT2 = """
            {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";
    private static final String DIGITS = """
            {"type":"Digits","individual_digits":true}""";

    private static final String SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String WORDS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
    private static final String SIGNS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" + SPACES;
    private static final String LLAMA3 = WORDS + "\\p{N}{1,3}" + SIGNS;
    private static final String QWEN2 = WORDS + "\\p{N}" + SIGNS;
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String TEKKEN = "[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "*" + LOWER + "+"
            + "|[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "+" + LOWER + "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + SPACES;
    private static final String THREE_DIGITS = "\\p{N}{1,3}";
    private static final String HAN_AND_KANA = "[一-龥぀-ゟ゠-ヿ]+";
    private static final String DEEPSEEK3 = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
            + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*" + SPACES;

    /** Empty for a name that is not known exactly. */
    static Optional<PreTokeniser> of(String name) {
        return Optional.ofNullable(switch (name) {
            case "gpt-2", "gpt2", "olmo", "mpt" -> new PreTokeniser(GPT2, NO_NORMALIZER, false, false);
            case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b" ->
                new PreTokeniser(sequence(DIGITS, GPT2), NO_NORMALIZER, false, false);
            case "llama-bpe", "llama3", "llama-v3", "falcon3" ->
                new PreTokeniser(sequence(split(LLAMA3), BYTES), NO_NORMALIZER, true, true);
            case "qwen2", "deepseek-r1-qwen" -> new PreTokeniser(sequence(split(QWEN2), BYTES), NFC, false, false);
            case "tekken" -> new PreTokeniser(sequence(split(TEKKEN), BYTES), NO_NORMALIZER, true, true);
            case "deepseek-v3" -> new PreTokeniser(sequence(split(THREE_DIGITS), split(HAN_AND_KANA), split(DEEPSEEK3),
                    BYTES), NO_NORMALIZER, false, true);
            default -> null;
        });
    }

    private static String split(String expression) {
        String quoted = new String(JsonStringEncoder.getInstance().quoteAsString(expression));
        return "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" + quoted
                + "\"},\"behavior\":\"Isolated\",\"invert\":false}";
    }

    private static String sequence(String... parts) {
        return "{\"type\":\"Sequence\",\"pretokenizers\":[" + String.join(",", parts) + "]}";
    }
}
