package graft.adapters;

import java.nio.file.Path;
import java.util.List;

/** Proves that a folder holds an adapter that fits one base model exactly, before a version of it exists. */
@FunctionalInterface
public interface AdapterProof {
    /**
     * Reads the whole adapter. May use much time, and memory of a few tensors.
     *
     * @param folder holds adapter_config.json and weights, nothing else
     * @throws RefusedUploadException naming the field or tensor and what is wrong with it
     */
    Proved prove(Path folder);

    /**
     * @param rank          the largest of its modules
     * @param targetModules what it changes, as the configuration names them, sorted
     * @param warnings      what is allowed but may not be meant
     * @param probeTokens   tokens that wake it: those it was trained for, then its invocation tokens in their order
     */
    record Proved(int rank, List<String> targetModules, List<String> warnings, List<Integer> probeTokens) {
        public Proved {
            targetModules = List.copyOf(targetModules);
            warnings = List.copyOf(warnings);
            probeTokens = List.copyOf(probeTokens);
        }
    }
}
