package graft.engine.tensorrt;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What an engine that {@code trtllm-build} 1.2.1 wrote was built for: its {@code config.json}.
 *
 * @param type           of weights and so of adapters: {@code float16}, {@code bfloat16} or {@code float32}
 * @param maxAdapterRank largest rank of an adapter; 0 for an engine without the LoRA plugin
 * @param adapterModules that adapters may touch, by TensorRT-LLM's names
 */
record EngineFolder(String type, int layers, int hiddenSize, int heads, int headSize, int vocabularySize,
        int maxSequence, int maxInput, int maxAdapterRank, Set<String> adapterModules) {
    private static final long LARGEST = 16 << 20;

    EngineFolder {
        adapterModules = Set.copyOf(adapterModules);
    }

    /** @throws UnsupportedEngineException naming the file or field */
    static EngineFolder read(Path folder) {
        Path file = folder.resolve("config.json");
        if (!Files.isRegularFile(file)) {
            throw new UnsupportedEngineException(folder + " holds no engine: config.json of trtllm-build is missing");
        }
        Map<String, Object> fields = new HashMap<>();
        try {
            if (Files.size(file) > LARGEST) throw new UnsupportedEngineException(file + " is too large");
            try (JsonParser parser = new JsonFactory().createParser(file.toFile())) {
                flatten(parser, fields);
            }
        } catch (IOException e) {
            throw new UnsupportedEngineException(file + " can't be read: " + e.getMessage());
        }
        return of(file, fields);
    }

    /** Leaves by dotted path; arrays as sets of their texts. */
    private static void flatten(JsonParser parser, Map<String, Object> fields) throws IOException {
        for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
            String path = parser.getParsingContext().pathAsPointer().toString();
            switch (token) {
                case VALUE_STRING -> fields.put(path, parser.getText());
                case VALUE_NUMBER_INT -> fields.put(path, parser.getLongValue());
                default -> { }
            }
        }
    }

    private static EngineFolder of(Path file, Map<String, Object> fields) {
        String model = "/pretrained_config/";
        String build = "/build_config/";
        int heads = number(file, fields, model + "num_attention_heads");
        int hidden = number(file, fields, model + "hidden_size");
        int sequence = number(file, fields, build + "max_seq_len");
        boolean lora = fields.get(build + "plugin_config/lora_plugin") instanceof String;
        Set<String> modules = new HashSet<>();
        fields.forEach((path, value) -> {
            if (path.startsWith(build + "lora_config/lora_target_modules/")) modules.add(String.valueOf(value));
        });
        if (!(fields.get(model + "dtype") instanceof String type) || !Set.of("float16", "bfloat16", "float32").contains(type)) {
            throw new UnsupportedEngineException(file + ": pretrained_config.dtype is none that is served");
        }
        return new EngineFolder(type, number(file, fields, model + "num_hidden_layers"), hidden, heads,
                fields.containsKey(model + "head_size") ? number(file, fields, model + "head_size") : hidden / heads,
                number(file, fields, model + "vocab_size"), sequence,
                fields.containsKey(build + "max_input_len") ? number(file, fields, build + "max_input_len") : sequence,
                lora && !modules.isEmpty() ? number(file, fields, build + "lora_config/max_lora_rank") : 0, modules);
    }

    private static int number(Path file, Map<String, Object> fields, String path) {
        if (fields.get(path) instanceof Long value && value > 0 && value <= Integer.MAX_VALUE) return value.intValue();
        throw new UnsupportedEngineException(file + " lacks " + path.substring(1).replace('/', '.'));
    }
}
