package graft;

import graft.engine.InferenceEngine;
import graft.weights.ModelFiles;
import java.nio.file.Path;

/** Opens the engine of one base model: of the kind that {@link EngineChoice} chose for this process. */
@FunctionalInterface
interface EngineOpener {
    /**
     * @param id    the name callers use
     * @param path  the base's folder or file
     * @param files what it holds; may be closed afterwards
     */
    InferenceEngine open(String id, Path path, ModelFiles files);
}
