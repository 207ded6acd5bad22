package graft.engine.tensorrt;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/** Engines on the echo executor, over a tiny base of ../shared; tests that use it are skipped where no compiler was. */
public final class EchoEngines {
    private static final Path ROOT = Path.of(System.getProperty("graft.root"));
    public static final Path SHARED = ROOT.resolveSibling("shared");

    private EchoEngines() {}

    /** What the Maven build made of server/src/main/cpp. */
    public static Path library() {
        Path library = ROOT.resolve("server/target/bridge/libgraft_echo.so");
        assumeTrue(Files.isRegularFile(library), "no compiler: " + library + " was not built");
        return library;
    }

    /** A copy of a base of ../shared with an engine's config.json beside it, as trtllm-build would write it. */
    public static Path base(Path into, String name, EngineFolder engine) {
        Path from = SHARED.resolve("models").resolve(name);
        assumeTrue(Files.isDirectory(from), from + " is not there");
        try (Stream<Path> files = Files.list(from)) {
            Path base = Files.createDirectories(into.resolve(name));
            for (Path file : files.toList()) Files.copy(file, base.resolve(file.getFileName().toString()));
            Path folder = Files.createDirectories(base.resolve("tensorrt"));
            Files.writeString(folder.resolve("config.json"), json(engine));
            return base;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The engine of tiny-llama3. */
    public static EngineFolder llama() {
        return new EngineFolder("float32", 3, 64, 8, 8, 640, 512, 500, 64, java.util.Set.of("attn_q", "attn_k",
                "attn_v", "attn_dense", "mlp_h_to_4h", "mlp_4h_to_h", "mlp_gate"));
    }

    static String json(EngineFolder engine) {
        String modules = engine.adapterModules().stream().sorted().map(name -> '"' + name + '"').toList().toString();
        return """
                {"version": "1.2.1",
                 "pretrained_config": {"architecture": "LlamaForCausalLM", "dtype": "%s", "num_hidden_layers": %d,
                  "hidden_size": %d, "num_attention_heads": %d, "head_size": %d, "vocab_size": %d},
                 "build_config": {"max_seq_len": %d, "max_input_len": %d, "plugin_config": {"lora_plugin": "auto"},
                  "lora_config": {"max_lora_rank": %d, "lora_target_modules": %s}}}
                """.formatted(engine.type(), engine.layers(), engine.hiddenSize(), engine.heads(), engine.headSize(),
                engine.vocabularySize(), engine.maxSequence(), engine.maxInput(), engine.maxAdapterRank(), modules);
    }

    /** @param words of echo_executor.cc */
    static TensorRtSettings settings(Path base, String words, long adapterBytes) {
        return new TensorRtSettings(library(), base.resolve("tensorrt"), 0, 8, 56, 4096, adapterBytes, 1000, 0.9, 0,
                1 << 20, 0.05, 64 << 10, Duration.ofSeconds(5), words);
    }
}
