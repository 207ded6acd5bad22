package graft.acceptance.swap;

import com.fasterxml.jackson.databind.node.ObjectNode;
import graft.acceptance.RunningGraft;
import graft.api.MultipartBody;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One adapter as a user would send it: an adapter of the test resources with another alpha, so that versions differ in
 * what they answer and not in what they weigh.
 *
 * @param of    folder under the test resources' adapters
 * @param alpha its {@code lora_alpha}
 */
record PeftVersion(String of, double alpha) {
    private static final Path RESOURCES = RunningGraft.ROOT.resolve("server/src/test/resources");

    static Path base(String name) {
        return RESOURCES.resolve("models").resolve(name);
    }

    byte[] config() {
        try {
            ObjectNode config = (ObjectNode) RunningGraft.JSON.readTree(file("adapter_config.json").toFile());
            return RunningGraft.JSON.writeValueAsBytes(config.put("lora_alpha", alpha));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    byte[] weights() {
        try {
            return Files.readAllBytes(file("adapter_model.safetensors"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    MultipartBody upload() {
        return new MultipartBody().file("f", "adapter_config.json", config())
                .file("f", "adapter_model.safetensors", weights());
    }

    /** Writes it as a folder that an engine reads. */
    Path in(Path folder) {
        try {
            Path own = Files.createDirectories(folder.resolve(of + "-" + alpha));
            Files.write(own.resolve("adapter_config.json"), config());
            Files.write(own.resolve("adapter_model.safetensors"), weights());
            return own;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path file(String name) {
        return RESOURCES.resolve("adapters").resolve(of).resolve(name);
    }
}
