package graft.weights;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is done to a file, reading it ends in its values or in the refusal that is meant for it. */
class HostileFilesTest {
    private static final int ROUNDS = 800;
    private static final int HEADER_LIMIT = 1 << 20;
    private static final AdapterTarget BASE =
            AdapterTarget.of(ModelConfig.read(TestModels.folder("models/tiny-llama3")));

    @TempDir
    Path folder;
    private Random random;
    private int refused;

    @BeforeEach
    void seed() {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        random = new Random(seed);
    }

    @Test
    void brokenSafetensorsAreReadOrRefused() throws IOException {
        Path file = folder.resolve("x.safetensors");
        assertReadOrRefused(TestModels.folder("adapters/l3-layer-subset").resolve("adapter_model.safetensors"), file,
                600, _ -> {
            try (Safetensors tensors = Safetensors.open(file, HEADER_LIMIT)) {
                tensors.names().forEach(tensors::floats);
            }
        });
    }

    @Test
    void brokenGgufsAreReadOrRefused() throws IOException {
        Path original = Files.write(folder.resolve("original"), GgufWriter.tinyLlama().bytes());
        Path file = folder.resolve("x.gguf");
        assertReadOrRefused(original, file, 1200, _ -> {
            try (ModelFiles model = ModelFiles.open(file, HEADER_LIMIT)) {
                model.tensors().names().forEach(model.tensors()::floats);
                model.tokenizerJson();
                model.config().rope().table(4);
            }
        });
    }

    @Test
    void brokenConfigurationsAreReadOrRefused() throws IOException {
        Path file = folder.resolve("config.json");
        assertReadOrRefused(TestModels.folder("models/tiny-deepseek-v3").resolve("config.json"), file,
                Integer.MAX_VALUE,
                _ -> ModelConfig.read(folder));
    }

    @Test
    void brokenAdaptersAreReadOrRefused() throws IOException {
        Path source = TestModels.folder("adapters/l3-patterns");
        Files.copy(source.resolve("adapter_model.safetensors"), folder.resolve("adapter_model.safetensors"));
        assertReadOrRefused(source.resolve("adapter_config.json"), folder.resolve("adapter_config.json"),
                Integer.MAX_VALUE,
                _ -> PeftAdapter.read(folder, BASE, PeftAdapter.Limits.DEFAULT));
        Files.copy(source.resolve("adapter_config.json"), folder.resolve("adapter_config.json"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertReadOrRefused(source.resolve("adapter_model.safetensors"), folder.resolve("adapter_model.safetensors"),
                4000,
                _ -> PeftAdapter.read(folder, BASE, PeftAdapter.Limits.DEFAULT));
    }

    @Test
    void brokenGgufAdaptersAreReadOrRefused() throws IOException {
        GgufWriter writer = new GgufWriter().put("general.architecture", "llama").put("general.type", "adapter")
                .put("adapter.type", "lora").put("adapter.lora.alpha", 16f)
                .floats("blk.0.attn_q.weight.lora_a", GgufWriter.counting(256), 4, 64)
                .floats("blk.0.attn_q.weight.lora_b", GgufWriter.counting(256), 64, 4);
        Path original = Files.write(Files.createDirectory(folder.resolve("original")).resolve("x"), writer.bytes());
        assertReadOrRefused(original, folder.resolve("x.gguf"), 500,
                _ -> PeftAdapter.read(folder, BASE, PeftAdapter.Limits.DEFAULT));
    }

    /** @param interesting flips happen among so many first bytes, where the header is */
    private void assertReadOrRefused(Path original, Path broken, int interesting, Consumer<Path> read)
            throws IOException {
        byte[] whole = Files.readAllBytes(original);
        refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = random.nextInt(4) == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            for (int flips = random.nextInt(4); flips > 0 && bytes.length > 0; flips--) {
                int at = random.nextInt(Math.min(bytes.length, interesting));
                bytes[at] = random.nextBoolean() ? (byte) random.nextInt(256)
                        : (byte) (bytes[at] ^ 1 << random.nextInt(8));
            }
            Files.write(broken, bytes);
            readOrRefused(broken, read, round);
        }
        assertTrue(refused > ROUNDS / 10, "only " + refused + " of " + ROUNDS + " were refused: nothing was broken");
    }

    private void readOrRefused(Path broken, Consumer<Path> read, int round) {
        try {
            read.accept(broken);
        } catch (InvalidTensorFileException | InvalidModelException | InvalidAdapterException meant) {
            refused++;
            assertTrue(meant.getMessage().length() < 1000, meant.getMessage());
        } catch (RuntimeException | Error other) {
            fail("round " + round + " ended in " + other, other);
        }
    }
}
