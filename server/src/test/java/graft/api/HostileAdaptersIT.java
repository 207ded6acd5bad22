package graft.api;

import static graft.api.TensorBytes.SOUND;
import static graft.api.TensorBytes.config;
import static graft.api.TensorBytes.configBytes;
import static graft.api.TensorBytes.configField;
import static graft.api.TensorBytes.header;
import static graft.api.TensorBytes.weights;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters that nobody should send, and odd ones that somebody will: each is refused by name, or served exactly. */
class HostileAdaptersIT {
    @TempDir
    private static Path work;
    private static CatalogServer server;
    private static int names;

    @BeforeAll
    static void start() {
        server = new CatalogServer(work, "tiny-llama3");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    static Arguments broken(String what, String message, MultipartBody body) {
        return Arguments.of(what, message, body);
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Arguments field(String field, String json) {
        return broken(field + "=" + json, Pattern.quote(field), configField(field, json));
    }

    static Stream<Arguments> configurations() {
        String sound = new String(SOUND.get(TensorBytes.CONFIG), StandardCharsets.UTF_8);
        return Stream.of(
                broken("an empty configuration", "adapter_config.json", configBytes(new byte[0])),
                broken("a list", "adapter_config.json", configBytes(text("[]"))),
                broken("a null", "adapter_config.json", configBytes(text("null"))),
                broken("half of it", "adapter_config.json", configBytes(text(sound.substring(0, sound.length() / 2)))),
                broken("two of it", "adapter_config.json", configBytes(text(sound + sound))),
                broken("a key twice", "(?i)adapter_config.json.*duplicate", configBytes(text(sound.replaceFirst("\\{",
                        "{\"r\": 4,")))),
                broken("UTF-16", "adapter_config.json", configBytes(sound.getBytes(StandardCharsets.UTF_16))),
                broken("a deep one", "adapter_config.json", configBytes(text("{\"a\":".repeat(3000)))),
                broken("a large one", "adapter_config.json.*larger", configBytes(text(sound + " ".repeat(2 << 20)))),
                broken("r that is gone", "\\br\\b", config(config -> config.remove("r"))),
                broken("no alpha", "lora_alpha", config(config -> config.remove("lora_alpha"))),
                broken("no targets", "target_modules", config(config -> config.remove("target_modules"))),
                broken("no type", "peft_type", config(config -> config.remove("peft_type"))),
                field("r", "\"4\""), field("r", "4.5"), field("r", "-4"), field("r", "99999999999"),
                field("r", "null"), field("lora_alpha", "\"8\""), field("lora_alpha", "1e999"),
                field("lora_alpha", "null"), field("peft_type", "\"LOHA\""), field("peft_type", "5"),
                field("target_modules", "[]"), field("target_modules", "[\"nope\"]"), field("target_modules", "[1]"),
                field("target_modules", "{}"), field("target_modules", "null"), field("target_modules", "\"(\""),
                field("target_modules", "[\"q_proj\",null]"), field("use_dora", "\"yes\""), field("use_rslora", "1"),
                field("rank_pattern", "{\"q_proj\":-1}"), field("rank_pattern", "{\"q_proj\":\"8\"}"),
                field("rank_pattern", "[]"), field("rank_pattern", "{\"(\":8}"),
                field("alpha_pattern", "{\"q_proj\":null}"),
                field("alpha_pattern", "{\"q_proj\":1e999}"), field("layers_to_transform", "\"0\""),
                field("modules_to_save", "\"x\""), field("modules_to_save", "[\"(\"]"), field("bias", "\"some\""),
                field("trainable_token_indices", "[-1]"), field("trainable_token_indices", "[99999999]"),
                field("alora_invocation_tokens", "[\"x\"]"), field("layer_replication", "[[0,1]]"),
                field("init_lora_weights", "\"pissa\""), field("use_something_new", "true"),
                field("trainable_token_indices", "[99999999999]"),
                broken("layers that are not there", "layers_to_transform|target_modules|announced", configField(
                        "layers_to_transform", "[99]")),
                broken("another rank", "rank 8", configField("r", "8")),
                broken("DoRA without magnitudes", "lora_magnitude_vector", configField("use_dora", "true")));
    }

    static Stream<Arguments> expressions() {
        return Stream.of("([^!]*)*!", "(.*.*.*.*.*.*.*.*)*x", ".*(?:||||||||){30}x", "(?:){999999999}",
                "((((.{0,99}){0,99}){0,99}){0,99}){0,99}x", "x".repeat(1001)).flatMap(hostile -> Stream.of(
                broken("target_modules " + hostile, "target_modules", configField("target_modules", "\"" + hostile
                        + "\"")),
                broken("exclude_modules " + hostile, "exclude_modules", configField("exclude_modules", "\"" + hostile
                        + "\"")),
                broken("rank_pattern " + hostile, "rank_pattern", configField("rank_pattern", "{\"" + hostile
                        + "\":4}"))));
    }

    static Stream<Arguments> files() {
        byte[] config = SOUND.get(TensorBytes.CONFIG);
        byte[] sound = SOUND.get(TensorBytes.WEIGHTS);
        TensorBytes tensors = new TensorBytes();
        String one = "adapter_model-00001-of-00002.safetensors";
        String two = "adapter_model-00002-of-00002.safetensors";
        byte[] q = tensors.shard(name -> name.contains("q_proj"));
        byte[] v = tensors.shard(name -> !name.contains("q_proj"));
        String index = "adapter_model.safetensors.index.json";
        return Stream.of(
                broken("weights alone", "adapter_config.json", new MultipartBody()
                        .file("f", TensorBytes.WEIGHTS, sound)),
                broken("a configuration alone", "adapter_model.safetensors", new MultipartBody()
                        .file("f", TensorBytes.CONFIG, config)),
                broken("shards without an index", "adapter_model", sent(config).file("f", one, q).file("f", two, v)),
                broken("an index to a shard that is missing", two, sent(config).file("f", one, q)
                        .file("f", index, tensors.index(name -> name.contains("q_proj") ? one : two))),
                broken("an index that leads out", "plain name", sent(config).file("f", one, q)
                        .file("f", index, tensors.index(name -> "../" + one))),
                broken("an index that lies", "is not in", sent(config).file("f", one, q).file("f", two, v)
                        .file("f", index, tensors.index(name -> one))),
                broken("an index that is no JSON", "index.json", sent(config).file("f", one, q)
                        .file("f", index, text("{"))),
                broken("a shard that no index names", "adapter_model-extra", sent(config)
                        .file("f", TensorBytes.WEIGHTS, sound).file("f", "adapter_model-extra.safetensors", q)),
                broken("a GGUF that is none", "x.gguf", new MultipartBody().file("f", "x.gguf", text("not a gguf"))),
                broken("a GGUF cut short", "x.gguf", new MultipartBody().file("f", "x.gguf",
                        Arrays.copyOf(text("GGUF"), 24))),
                broken("a GGUF and safetensors", "several", sent(config).file("f", TensorBytes.WEIGHTS, sound)
                        .file("f", "x.gguf", text("GGUF"))),
                broken("two GGUFs", "several", new MultipartBody().file("f", "x.gguf", text("GGUF"))
                        .file("f", "y.gguf", text("GGUF"))),
                broken("an archive in an archive", "no adapter", zip("inner.zip", new byte[4])),
                broken("two archives", "two archives", zip("a", new byte[4]).file("f", "b.zip", new byte[4])),
                broken("a zip of one folder", "no adapter", zip("folder/", new byte[0])));
    }

    private static MultipartBody sent(byte[] config) {
        return new MultipartBody().file("f", TensorBytes.CONFIG, config);
    }

    private static MultipartBody zip(String entry, byte[] bytes) {
        try {
            return new MultipartBody().file("f", "a.zip", Archives.zip(Map.of(entry, bytes)));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"graft.api.HostileTensors#headers", "graft.api.HostileTensors#tensors", "configurations",
            "expressions", "files"})
    void isRefusedByNameAndLeavesNothing(String what, String message, MultipartBody body) {
        long before = server.stored();
        long start = System.nanoTime();
        HttpResponse<byte[]> response = server.upload("alice", "adapter-" + names++, body);
        String reply = new String(response.body(), StandardCharsets.UTF_8);
        assertEquals(422, response.statusCode(), what + ": " + reply);
        JsonNode error = CatalogServer.json(response).get("error");
        assertEquals("invalid_adapter", error.get("code").asText());
        String said = error.get("message").asText();
        assertTrue(Pattern.compile(message).matcher(said).find(), what + ": " + said);
        assertTrue(said.length() < 1000, what + ": " + said);
        assertEquals(before, server.stored(), what);
        assertTrue(server.spoolIsEmpty(), what);
        assertTrue(System.nanoTime() - start < 60_000_000_000L, what + " took too long");
    }

    private static JsonNode accepted(MultipartBody body) {
        HttpResponse<byte[]> response = server.upload("alice", "sound-" + names++, body);
        assertEquals(201, response.statusCode(), new String(response.body(), StandardCharsets.UTF_8));
        return CatalogServer.json(response);
    }

    @Test
    void everyFloatingTypeAndEverySpellingOfNamesIsTaken() {
        TensorBytes sound = new TensorBytes();
        accepted(weights(sound.stored("F16", 2, one -> one.to().putShort(Float.floatToFloat16(one.value())))));
        accepted(weights(sound.stored("BF16", 2, one -> one.to().putShort((short) (Float.floatToRawIntBits(one.value())
                >>> 16)))));
        accepted(weights(sound.stored("F64", 8, one -> one.to().putDouble(one.value()))));
        accepted(weights(sound.renamed(name -> name.replace("base_model.model.", ""))));
        accepted(weights(sound.renamed(name -> name.replace(".weight", ".default.weight"))));
        accepted(header(file -> file.header.putObject("__metadata__").put("format", "pt")));
        accepted(configField("target_modules", "\".*\\\\.(q|v)_proj\""));
        accepted(configField("exclude_modules", "\"(?:.*\\\\.)?lm_head\""));
    }

    /** llama.cpp's form of a LoRA of rank 4 on one output projection of 64 by 64. */
    private static byte[] gguf() {
        ByteBuffer out = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
        out.put(text("GGUF")).putInt(3).putLong(2).putLong(4);
        for (String pair : List.of("general.architecture=llama", "general.type=adapter", "adapter.type=lora")) {
            string(out, pair.split("=")[0]).putInt(8);
            string(out, pair.split("=")[1]);
        }
        string(out, "adapter.lora.alpha").putInt(6).putFloat(8);
        string(out, "blk.0.attn_output.weight.lora_a").putInt(2).putLong(64).putLong(4).putInt(0).putLong(0);
        string(out, "blk.0.attn_output.weight.lora_b").putInt(2).putLong(4).putLong(64).putInt(0).putLong(1024);
        out.position((out.position() + 31) / 32 * 32);
        for (int i = 0; i < 512; i++) out.putFloat(i * 0.01f);
        return Arrays.copyOf(out.array(), out.position());
    }

    private static ByteBuffer string(ByteBuffer out, String text) {
        return out.putLong(text.length()).put(text(text));
    }

    @Test
    void aGgufIsTakenAloneOrBesideTheConfigurationThatItDoesNotNeed() {
        JsonNode alone = accepted(new MultipartBody().file("f", "my lora (1).gguf", gguf()));
        assertEquals("[\"o_proj\"]", alone.get("target_modules").toString());
        JsonNode beside = accepted(sent(SOUND.get(TensorBytes.CONFIG)).file("f", "my lora (1).gguf", gguf()));
        assertEquals(alone.get("digest"), beside.get("digest"));
        assertTrue(beside.get("warnings").toString().contains("adapter_config.json"), beside.toString());
    }

    @Test
    void aShardedAdapterIsTaken() {
        TensorBytes tensors = new TensorBytes();
        String one = "adapter_model-00001-of-00002.safetensors";
        String two = "adapter_model-00002-of-00002.safetensors";
        JsonNode reply = accepted(sent(SOUND.get(TensorBytes.CONFIG))
                .file("f", one, tensors.shard(name -> name.contains("q_proj")))
                .file("f", two, tensors.shard(name -> !name.contains("q_proj")))
                .file("f", "adapter_model.safetensors.index.json", tensors.index(name ->
                        name.contains("q_proj") ? one : two)));
        assertEquals(4, reply.get("rank").asInt());
    }

    /** As Unsloth, Axolotl and LLaMA-Factory leave them, and as a Mac packs them; without the pickles, which refuse. */
    @Test
    void outputFoldersOfTrainersAreTakenAndTheRestIsNamed() throws Exception {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        SOUND.forEach((name, bytes) -> entries.put("out/" + name, bytes));
        for (String extra : List.of("README.md", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
                "chat_template.jinja", "added_tokens.json", "vocab.json", "merges.txt", "trainer_state.json",
                "trainer_log.jsonl", "train_results.json", "all_results.json", "config.json", "tokenizer.model",
                "training_loss.png", "runs/events.out.tfevents.1", "model.safetensors", ".gitattributes", ".DS_Store"))
            entries.put("out/" + extra, text("x"));
        SOUND.forEach((name, bytes) -> entries.put("out/checkpoint-500/" + name, Arrays.copyOf(bytes, 20)));
        SOUND.forEach((name, bytes) -> entries.put("__MACOSX/out/._" + name, text("Mac OS X")));
        entries.put("__MACOSX/._out", text("Mac OS X"));
        JsonNode whole = accepted(TensorBytes.weights(SOUND.get(TensorBytes.WEIGHTS)));
        for (MultipartBody body : List.of(new MultipartBody().file("f", "out.zip", Archives.zip(entries)),
                new MultipartBody().file("f", "out.tar.gz", Archives.tar(entries)))) {
            JsonNode reply = accepted(body);
            assertEquals(whole.get("digest"), reply.get("digest"));
            assertEquals(24, reply.get("warnings").size(), reply.get("warnings").toString());
        }
        for (String pickle : List.of("training_args.bin", "checkpoint-500/optimizer.pt",
                "checkpoint-500/rng_state.pth")) {
            Map<String, byte[]> with = new LinkedHashMap<>(entries);
            with.put("out/" + pickle, new byte[3]);
            isRefusedByNameAndLeavesNothing(pickle, Pattern.quote(pickle), new MultipartBody().file("f", "out.zip",
                    Archives.zip(with)));
        }
    }

    @Test
    void strangeNamesOfFilesAndFieldsAreShownWithoutTheirControls() {
        Consumer<MultipartBody> strange = body -> body.file("f", "a\u0001b\u00fc\u2028.txt", new byte[1])
                .field("c\u0002", "x");
        MultipartBody body = TensorBytes.config(config ->
                config.put("base_model_name_or_path", "x\0" + "y".repeat(5000)));
        strange.accept(body);
        JsonNode warnings = accepted(body).get("warnings");
        assertTrue(warnings.toString().chars().noneMatch(Character::isISOControl), warnings.toString());
        for (JsonNode warning : warnings) assertTrue(warning.asText().length() < 1100);
    }
}
