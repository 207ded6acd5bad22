package graft.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.weights.ModelConfig.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelFilesTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"tiny-llama3, LLAMA, 8", "tiny-qwen2, QWEN2, 16", "tiny-qwen3, QWEN3, 32",
        "tiny-deepseek-v2-lite, DEEPSEEK_V2, 48", "tiny-deepseek-v3, DEEPSEEK_V3, 48"})
    void everyTinyModelOpens(String name, Architecture architecture, int headDim) {
        try (ModelFiles model = ModelFiles.open(TestModels.folder("models/" + name), ModelFiles.DEFAULT_HEADER_LIMIT)) {
            ModelConfig config = model.config();
            assertEquals(name, model.name());
            assertEquals(architecture, config.architecture());
            assertEquals(headDim, config.attention().headDim());
            assertEquals(640, config.vocabularySize());
            assertEquals(Set.of(2), model.stopTokens());
            assertEquals(List.of(), config.unknownFields());
            assertEquals(Optional.empty(), model.tokenizerJson());
            assertEquals(List.of(640L, 64L), model.tensors().info("model.embed_tokens.weight").shape());
            assertTrue(model.digest().matches("sha256:[0-9a-f]{64}"));
            assertEquals(model.digest(), model.digest());
        }
    }

    @Test
    void deepseekV3KeepsItsExpertsAndLatentAttention() {
        ModelConfig config = ModelConfig.read(TestModels.folder("models/tiny-deepseek-v3"));
        assertEquals(48, config.latentAttention().orElseThrow().queryRank().orElseThrow());
        assertEquals(48, config.latentAttention().orElseThrow().queryDim());
        assertEquals(16, config.rope().dimension());
        assertTrue(config.rope().interleaved());
        var experts = config.experts().orElseThrow();
        assertEquals(Set.of(1, 2), experts.sparseLayers());
        assertEquals(ModelConfig.Routing.SIGMOID_GROUPS, experts.routing());
        assertEquals(2.5, experts.scaling());
        assertEquals(List.of(4, 2, 1), List.of(experts.groups(), experts.topGroups(), experts.shared()));
    }

    @Test
    void whatChangesTheArithmeticAndIsNotBuiltIsRefusedByName() throws IOException {
        assertRefused("\"quantization_config\": {\"quant_method\": \"fp8\"}", "quantization_config");
        assertRefused("\"hidden_act\": \"relu\"", "hidden_act=relu");
        assertRefused("\"rope_scaling\": {\"rope_type\": \"longrope\", \"factor\": 2}",
                "rope_scaling.rope_type=longrope");
        assertRefused("\"rope_scaling\": {\"type\": \"default\", \"mrope_section\": [16, 24]}", "mrope_section");
        assertRefused("\"layer_types\": [\"sliding_attention\"]", "layer_types");
        assertRefused("\"final_logit_softcapping\": 30.0", "final_logit_softcapping");
        assertRefused("\"num_key_value_heads\": 3", "num_key_value_heads=3");
        assertRefused("\"partial_rotary_factor\": 0.5", "partial_rotary_factor");
        assertRefused("\"hidden_size\": \"64\"", "hidden_size must be an integer");
        assertRefused("\"hidden_size\": 0", "hidden_size=0 is out of range");
        assertRefused("\"rms_norm_eps\": NaN", "rms_norm_eps=NaN");
        assertRefused("\"model_type\": \"mamba\"", "model_type=mamba");
        assertRefused("\"model_type\": \"mistral\", \"max_position_embeddings\": 8192",
                "sliding_window=4096 (the default) is in use");
    }

    @Test
    void aFieldOfUnknownMeaningIsListed() throws IOException {
        assertEquals(List.of("frobnication"), config("\"frobnication\": 3, \"novelty\": null").unknownFields());
    }

    @Test
    void missingAndUnreadableFilesAreNamed() throws IOException {
        assertRefused("config.json is missing");
        Files.writeString(folder.resolve("config.json"), "{");
        assertRefused("config.json is not JSON");
        config("\"attention_dropout\": 0");
        assertRefused("model.safetensors: is missing");
        Files.write(folder.resolve("model.safetensors"), new byte[3]);
        assertRefused("model.safetensors: has 3 bytes");
    }

    @Test
    void aTensorThatIsMissingMisshapenOrLeftOverIsNamed() throws IOException {
        Path tensors = folder.resolve("model.safetensors");
        Files.copy(TestModels.folder("models/tiny-llama3").resolve("model.safetensors"), tensors);
        config("\"num_key_value_heads\": 2");
        ModelFiles.open(folder, ModelFiles.DEFAULT_HEADER_LIMIT).close();
        config("\"num_key_value_heads\": 4");
        assertRefused("model.layers.0.self_attn.k_proj.weight is 16 x 64, the configuration wants 32 x 64");
        config("\"num_key_value_heads\": 2, \"attention_bias\": true");
        assertRefused("model.layers.0.self_attn.q_proj.bias is missing");
        config("\"num_key_value_heads\": 2, \"num_hidden_layers\": 2");
        assertRefused("model.layers.2.input_layernorm.weight is a tensor that the configuration has no place for");
    }

    @Test
    void endTokensOfBothConfigurationsCount() throws IOException {
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [5, 7]}");
        assertEquals(Set.of(2, 5, 7), config("\"eos_token_id\": 2").endTokens());
    }

    @Test
    void templateAndSpecialTokensAreFoundWhereverTheyAreKept() throws IOException {
        config("\"num_key_value_heads\": 2");
        Files.copy(TestModels.folder("models/tiny-llama3").resolve("model.safetensors"),
                folder.resolve("model.safetensors"));
        Files.writeString(folder.resolve("tokenizer_config.json"), """
                {"chat_template": [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}],
                 "bos_token": {"content": "<s>"}, "eos_token": "</s>"}""");
        try (ModelFiles model = ModelFiles.open(folder, ModelFiles.DEFAULT_HEADER_LIMIT)) {
            assertEquals(Optional.of("D"), model.chatTemplate());
            assertEquals(Optional.of("<s>"), model.bosToken());
            assertEquals(Optional.of("</s>"), model.eosToken());
            Files.writeString(folder.resolve("chat_template.jinja"), "J");
            assertEquals(Optional.of("J"), model.chatTemplate());
        }
    }

    private void assertRefused(String reason) {
        var refusal = assertThrows(InvalidModelException.class,
                () -> ModelFiles.open(folder, ModelFiles.DEFAULT_HEADER_LIMIT));
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    private void assertRefused(String fields, String reason) {
        var refusal = assertThrows(InvalidModelException.class, () -> config(fields), fields);
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    /** A small Llama's configuration where the given fields replace or join the usual ones. */
    private ModelConfig config(String fields) throws IOException {
        StringBuilder json = new StringBuilder("{" + fields);
        String[] usual = {"\"model_type\": \"llama\"", "\"hidden_size\": 64", "\"num_hidden_layers\": 3",
                "\"num_attention_heads\": 8",
            "\"intermediate_size\": 160", "\"vocab_size\": 640", "\"max_position_embeddings\": 512"};
        for (String field : usual) {
            if (!fields.contains(field.substring(0, field.indexOf(':')))) json.append(", ").append(field);
        }
        Files.writeString(folder.resolve("config.json"), json.append("}"));
        return ModelConfig.read(folder);
    }
}
