package graft.weights;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What sentence-transformers keeps beside an encoder: modules.json, the pooling's config.json,
 * sentence_bert_config.json and the prompts of config_sentence_transformers.json. A folder without them pools by the
 * mean, as MiniLM and E5 do.
 *
 * @param firstToken     whether a text's vector is its first token's state (BGE), else the mean over all tokens
 * @param window         most tokens of a text, where the folder names a number
 * @param questionPrefix put before a question, empty for none
 * @param documentPrefix put before a passage, empty for none
 */
public record SentenceConfig(boolean firstToken, Optional<Integer> window, String questionPrefix,
        String documentPrefix) {
    /** A prompt's name, by what it is for; models call the same thing differently. */
    private static final List<String> QUESTION = List.of("query", "search_query", "question");
    private static final List<String> DOCUMENT = List.of("document", "passage", "search_document", "corpus");

    /** @throws InvalidModelException for a pooling or a module that is not understood, by its name */
    public static SentenceConfig read(Path folder) {
        Optional<JsonFields> pooling = ConfigReader.readJson(folder, poolingFolder(folder) + "/config.json");
        Optional<Integer> window = ConfigReader.readJson(folder, "sentence_bert_config.json")
                .filter(fields -> fields.has("max_seq_length") && fields.value("max_seq_length").isPresent())
                .map(fields -> fields.integer("max_seq_length"));
        Map<String, String> prefixes = prefixes(folder);
        return new SentenceConfig(pooling.isPresent() && firstToken(pooling.get()), window,
                prefixes.getOrDefault("question", ""), prefixes.getOrDefault("document", ""));
    }

    /** By modules.json; a step that changes vectors otherwise than to unit length, which they have, is refused. */
    private static String poolingFolder(Path folder) {
        String found = "1_Pooling";
        List<Object> modules = ConfigReader.readJsonList(folder, "modules.json").flatMap(file -> file.list("list"))
                .orElse(List.of());
        for (Object each : modules) {
            if (!(each instanceof Map<?, ?> module))
                throw new InvalidModelException("modules.json is no list of objects");
            String type = String.valueOf(module.get("type"));
            switch (type.substring(type.lastIndexOf('.') + 1)) {
                case "Transformer", "Normalize" -> { }
                case "Pooling" -> found = String.valueOf(module.get("path"));
                default -> throw new InvalidModelException("modules.json: the module "
                        + InvalidTensorFileException.printable(type) + " is not supported");
            }
        }
        if (!found.matches("[A-Za-z0-9_-]{1,64}")) throw new InvalidModelException("modules.json: path=" + found);
        return found;
    }

    private static boolean firstToken(JsonFields pooling) {
        if (pooling.has("pooling_mode")) {
            String mode = pooling.string("pooling_mode").orElseThrow();
            if (mode.equals("cls") || mode.equals("mean")) return mode.equals("cls");
            throw pooling.refused("pooling_mode", "is not supported: only the mean and the first token are");
        }
        for (String name : pooling.names()) {
            boolean known = name.equals("pooling_mode_mean_tokens") || name.equals("pooling_mode_cls_token");
            if (name.startsWith("pooling_mode_") && !known && pooling.flag(name, false)) {
                throw pooling.refused(name, "is not supported: only the mean and the first token are");
            }
        }
        boolean first = pooling.flag("pooling_mode_cls_token", false);
        if (first && pooling.flag("pooling_mode_mean_tokens", false)) {
            throw pooling.refused("pooling_mode_cls_token", "is not supported together with the mean");
        }
        return first;
    }

    /** E5's folders and NomicBERT's name no prompts; their cards do (Wang et al. 2022, Nussbaum et al. 2024). */
    private static Map<String, String> prefixes(Path folder) {
        Optional<JsonFields> prompts = ConfigReader.readJson(folder, "config_sentence_transformers.json")
                .flatMap(fields -> fields.object("prompts"));
        String question = prompts.flatMap(fields -> first(fields, QUESTION)).orElse("");
        String document = prompts.flatMap(fields -> first(fields, DOCUMENT)).orElse("");
        if (question.isEmpty() && document.isEmpty() && folder.getFileName().toString().matches("(?i)(.*-)?e5-.*")) {
            return Map.of("question", "query: ", "document", "passage: ");
        }
        boolean nomic = ConfigReader.readJson(folder, "config.json").flatMap(config -> config.string("model_type"))
                .filter("nomic_bert"::equals).isPresent();
        if (question.isEmpty() && document.isEmpty() && nomic) {
            return Map.of("question", "search_query: ", "document", "search_document: ");
        }
        return Map.of("question", question, "document", document);
    }

    private static Optional<String> first(JsonFields fields, List<String> names) {
        return names.stream().filter(fields::has).findFirst().flatMap(fields::string);
    }
}
