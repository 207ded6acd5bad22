package graft.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.weights.PeftAdapter.Limits;
import graft.weights.PeftAdapter.LoraModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PeftAdapterTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"l3-r4-qv, tiny-llama3, 6, 4", "l3-r16-all, tiny-llama3, 21, 16", "l3-rslora-r8, tiny-llama3, 21, 8",
        "l3-dora-r8, tiny-llama3, 21, 8", "l3-lora-bias, tiny-llama3, 6, 4", "l3-layer-subset, tiny-llama3, 2, 4",
        "l3-patterns, tiny-llama3, 21, 12", "l3-modules-to-save, tiny-llama3, 6, 4", "l3-embed-head, tiny-llama3, 4, 4",
        "q2-r8-all, tiny-qwen2, 21, 8", "q3-r8-all, tiny-qwen3, 21, 8", "dsv3-r8-attn, tiny-deepseek-v3, 15, 8"})
    void everyVariantOfTheMathematicsIsRead(String adapter, String base, int modules, int rank) {
        PeftAdapter read = read(adapter, base);
        assertEquals(modules, read.modules().size());
        assertEquals(rank, read.rank());
        assertEquals(List.of(), read.warnings());
        for (LoraModule module : read.modules()) {
            assertEquals(module.rank() * module.in(), module.a().length(), module.path());
            assertEquals(module.out() * module.rank(), module.b().length(), module.path());
        }
    }

    @Test
    void scalesAreThoseOfPeft() {
        assertEquals(Set.of(2.0), scales(read("l3-r4-qv", "tiny-llama3")));
        assertEquals(Set.of(8 / Math.sqrt(8)), scales(read("l3-rslora-r8", "tiny-llama3")));
        Map<String, LoraModule> modules = read("l3-patterns", "tiny-llama3").modules().stream()
                .collect(Collectors.toMap(LoraModule::path, m -> m));
        assertEquals(8.0, modules.get("model.layers.2.self_attn.q_proj").scale());
        assertEquals(2, modules.get("model.layers.2.self_attn.q_proj").rank());
        assertEquals(4.0, modules.get("model.layers.0.self_attn.k_proj").scale());
        assertEquals(12, modules.get("model.layers.1.mlp.down_proj").rank());
        assertEquals(16.0 / 12, modules.get("model.layers.1.mlp.down_proj").scale());
        assertEquals(8, modules.get("model.layers.2.mlp.down_proj").rank());
    }

    @Test
    void whatIsMoreThanAAndBIsCarriedAlong() {
        assertTrue(read("l3-dora-r8", "tiny-llama3").modules().stream()
                .allMatch(m -> m.magnitude().orElseThrow().length == m.out()));
        assertTrue(read("l3-lora-bias", "tiny-llama3").modules().stream()
                .allMatch(m -> m.bias().orElseThrow().length == m.out()));
        PeftAdapter saved = read("l3-modules-to-save", "tiny-llama3");
        assertEquals(Set.of("lm_head.weight", "model.embed_tokens.weight"),
                saved.replaced().stream().map(r -> r.name()).collect(Collectors.toSet()));
        PeftAdapter embedding = read("l3-embed-head", "tiny-llama3");
        assertEquals(640, embedding.embedding().orElseThrow().vocabulary());
        assertEquals(2.0, embedding.embedding().orElseThrow().scale());
        assertEquals(Set.of("embed_tokens", "lm_head", "q_proj"), embedding.targetModules());
        assertEquals(2, embedding.replaced().size());
        assertEquals(List.of(1),
                read("l3-layer-subset", "tiny-llama3").modules().stream().map(LoraModule::layer).distinct().toList());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "pickle-weights | adapter_model.bin is a pickle",
        "nan-weights | holds NaN",
        "inf-weights | holds infinity",
        "wrong-shape | the base model wants 4 x 64. Was it trained on another model?",
        "rank-mismatch | adapter_config.json gives model.layers.0.self_attn.q_proj the rank 4",
        "missing-lora-b | but its lora_B is missing",
        "unknown-module | a module that the base model does not have",
        "truncated | it is cut off",
        "header-bomb | claims a header of 1152921504606846976 bytes",
        "overlapping-offsets | overlaps the bytes of another tensor",
        "no-config | adapter_config.json is missing",
        "not-json-config | adapter_config.json is not JSON",
        "wrong-peft-type | peft_type=IA3 is not LORA",
        "zero-rank | r=0 is not a positive rank",
        "huge-rank | r=1000000 is more than this server allows",
        "nan-alpha | lora_alpha=NaN is not a finite number"})
    void everyBrokenAdapterIsRefusedWithItsReason(String name, String reason) {
        var refusal = assertThrows(InvalidAdapterException.class, () -> readBad(name));
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    @Test
    void anAdapterThatChangesNothingIsReadWithAWarning() {
        assertEquals(List.of("every lora_B is zero: the adapter changes nothing"), readBad("all-zero-b").warnings());
    }

    @Test
    void fieldsThatChangeTheArithmeticAndAreNotBuiltAreRefusedByName() throws IOException {
        assertFieldRefused("\"layer_replication\": null", "\"layer_replication\": [[0, 2], [1, 3]]",
                "layer_replication");
        assertFieldRefused("\"alora_invocation_tokens\": null", "\"alora_invocation_tokens\": [640]",
                "alora_invocation_tokens holds 640, the vocabulary has 640");
        assertFieldRefused("\"use_qalora\": false", "\"use_qalora\": true", "use_qalora");
        assertFieldRefused("\"target_parameters\": null", "\"target_parameters\": [\"experts.gate_up_proj\"]",
                "target_parameters");
        assertFieldRefused("\"arrow_config\": null", "\"arrow_config\": {\"top_k\": 3}", "arrow_config");
        assertFieldRefused("\"init_lora_weights\": true", "\"init_lora_weights\": \"pissa_niter_4\"",
                "init_lora_weights=pissa_niter_4");
        assertFieldRefused("\"use_bdlora\": null", "\"use_quantum\": 3", "use_quantum=3 is not supported");
        assertFieldRefused("\"bias\": \"none\"", "\"bias\": \"some\"", "bias=some");
        assertFieldRefused("\"modules_to_save\": null", "\"modules_to_save\": [\"score\"]",
                "modules_to_save names score");
        assertFieldRefused("\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]",
                "lm_head.weight is missing");
        assertFieldRefused("\"use_dora\": false", "\"use_dora\": true", "lora_magnitude_vector is missing");
        assertFieldRefused("\"rank_pattern\": {}", "\"rank_pattern\": {\"q_proj\": 0}", "rank_pattern.q_proj=0");
        assertFieldRefused("\"alpha_pattern\": {}", "\"alpha_pattern\": {\"q_proj\": Infinity}",
                "alpha_pattern.q_proj=Infinity");
        assertFieldRefused("\"lora_alpha\": 8", "\"lora_alpha\": 1e999", "lora_alpha=Infinity is not a finite number");
        assertFieldRefused("\"v_proj\"", "\"c_attn\"", "v_proj.lora_A.weight is not announced by adapter_config.json");
        assertFieldRefused("\"v_proj\"", "\"k_proj\"",
                "model.layers.0.self_attn.k_proj is a target of the adapter, but its lora_A is missing");
        assertFieldRefused("\"exclude_modules\": null", "\"exclude_modules\": [\"v_proj\"]",
                "is not announced by adapter_config.json");
    }

    @Test
    void targetsMayBeAnExpressionOrAllLinear() throws IOException {
        String names = "\"target_modules\": [\n    \"q_proj\",\n    \"v_proj\"\n  ]";
        assertEquals(6, read(changed("l3-r4-qv",
                config -> config.replace(names, "\"target_modules\": \".*\\\\.(?P<which>q|v)_proj\""))).modules()
                .size());
        assertFieldRefused(names, "\"target_modules\": \"(a*)*b|(.*.*.*.*.*.*.*.*)*x\"", "takes too many steps");
        assertFieldRefused(names, "\"target_modules\": \"" + "a".repeat(1001) + "\"", "at most 1000");
        assertFieldRefused(names, "\"target_modules\": \"(\"", "is not a regular expression");
        assertFieldRefused(names, "\"target_modules\": \"all-linear\"", "k_proj is a target");
        Path all = copied("l3-r16-all");
        String json = Files.readString(all.resolve("adapter_config.json"));
        Files.writeString(all.resolve("adapter_config.json"),
                json.replaceAll("\"target_modules\": \\[[^\\]]*\\]", "\"target_modules\": \"all-linear\""));
        assertEquals(21, read(all).modules().size());
    }

    @Test
    void aTargetThatTheBaseLacksIsAWarningAsLongAsEveryTensorHasAPlace() throws IOException {
        PeftAdapter read = read(changed("l3-r4-qv", config -> config.replace("\"v_proj\"", "\"v_proj\", \"c_attn\"")));
        assertEquals(List.of("adapter_config.json: target_modules names c_attn, which the base model does not have"),
                read.warnings());
        assertEquals(6, read.modules().size());
    }

    @Test
    void shardsAreOneAdapter() throws IOException {
        Path sharded = copied("l3-r4-qv");
        Path whole = sharded.resolve("adapter_model.safetensors");
        SafetensorsWriter.split(whole, sharded.resolve("adapter_model-00001-of-00002.safetensors"),
                sharded.resolve("adapter_model-00002-of-00002.safetensors"),
                sharded.resolve("adapter_model.safetensors.index.json"));
        Files.delete(whole);
        assertArrayEquals(read("l3-r4-qv", "tiny-llama3").modules().getLast().b().floats(),
                read(sharded).modules().getLast().b().floats());
    }

    @Test
    void trainedTokensAndBiasesAreCarriedAlong() throws IOException {
        Path tokens = changed("l3-r4-qv",
                config -> config.replace("\"trainable_token_indices\": null", "\"trainable_token_indices\": [5, 9]"));
        var missing = assertThrows(InvalidAdapterException.class, () -> read(tokens));
        assertTrue(missing.getMessage().contains("trainable_tokens_delta is missing"), missing.getMessage());
        SafetensorsWriter.add(tokens.resolve("adapter_model.safetensors"),
                "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta", new long[] {2, 64});
        assertEquals(List.of(5, 9), read(tokens).trainedTokens().orElseThrow().tokens());
        Path biased = changed("q2-r8-all", config -> config.replace("\"bias\": \"none\"", "\"bias\": \"lora_only\""));
        SafetensorsWriter.add(biased.resolve("adapter_model.safetensors"),
                "base_model.model.model.layers.0.self_attn.q_proj.base_layer.bias", new long[] {64});
        PeftAdapter read = PeftAdapter.read(biased, target("tiny-qwen2"), Limits.DEFAULT);
        assertEquals(List.of("model.layers.0.self_attn.q_proj.bias"),
                read.replaced().stream().map(r -> r.name()).toList());
    }

    @Test
    void spellingsOfOtherTrainersAreTheSameTensors() throws IOException {
        Path other = copied("l3-r4-qv");
        SafetensorsWriter.rename(other.resolve("adapter_model.safetensors"),
                name -> name.replace("base_model.model.", "").replace(".lora_A.weight", ".lora_A.default.weight"));
        PeftAdapter plain = read("l3-r4-qv", "tiny-llama3");
        PeftAdapter renamed = read(other);
        assertEquals(plain.modules().size(), renamed.modules().size());
        assertArrayEquals(plain.modules().getFirst().a().floats(), renamed.modules().getFirst().a().floats());
        assertFalse(plain.modules().isEmpty());
    }

    @Test
    void anActivatedAdapterIsReadAndNothingElseMayComeWithIt() throws IOException {
        assertEquals(List.of(17, 401, 33), read("l3-alora-r8", "tiny-llama3").invocationTokens());
        for (String name : List.of("l3-embed-head", "l3-modules-to-save", "l3-dora-r8")) {
            Path activated = changed(name, config -> config.replace("\"alora_invocation_tokens\": null",
                    "\"alora_invocation_tokens\": [1, 2]"));
            var refusal = assertThrows(InvalidAdapterException.class, () -> read(activated));
            assertTrue(refusal.getMessage().contains("alora_invocation_tokens"), refusal.getMessage());
        }
    }

    private void assertFieldRefused(String from, String to, String reason) throws IOException {
        Path broken = changed("l3-r4-qv", config -> {
            assertTrue(config.contains(from), from);
            return config.replace(from, to);
        });
        var refusal = assertThrows(InvalidAdapterException.class, () -> read(broken));
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    private Path changed(String adapter, UnaryOperator<String> change) throws IOException {
        Path copy = copied(adapter);
        Path config = copy.resolve("adapter_config.json");
        Files.writeString(config, change.apply(Files.readString(config)));
        return copy;
    }

    private Path copied(String adapter) throws IOException {
        Path copy = Files.createTempDirectory(folder, adapter);
        Path source = TestModels.folder("adapters/" + adapter);
        for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
            Files.copy(source.resolve(file), copy.resolve(file));
        }
        return copy;
    }

    private static Set<Double> scales(PeftAdapter adapter) {
        return adapter.modules().stream().map(LoraModule::scale).collect(Collectors.toSet());
    }

    private static PeftAdapter readBad(String name) {
        return PeftAdapter.read(TestModels.folder("adapters-bad/" + name), target("tiny-llama3"), Limits.DEFAULT);
    }

    private static PeftAdapter read(Path folder) {
        return PeftAdapter.read(folder, target("tiny-llama3"), Limits.DEFAULT);
    }

    private static PeftAdapter read(String adapter, String base) {
        return PeftAdapter.read(TestModels.folder("adapters/" + adapter), target(base), Limits.DEFAULT);
    }

    private static AdapterTarget target(String base) {
        return AdapterTarget.of(ModelConfig.read(TestModels.folder("models/" + base)));
    }
}
