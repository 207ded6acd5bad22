package graft.engine.torch;

import ai.djl.engine.Engine;
import graft.weights.ModelConfig;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * Our own operators for libtorch (main/cpp/ops): looked for and loaded once a process, into the libtorch that DJL has
 * loaded. Where there is none, or it does not load, the plain scripts compute the same; one log line says which.
 *
 * <p>{@code System.load} instead of DJL's PYTORCH_EXTRA_LIBRARY_PATH: there a library that does not load fails the
 * whole engine. Thread-safe.
 */
final class Operators {
    private static final System.Logger LOG = System.getLogger(Operators.class.getName());
    /** Names the library; else it is the link that the launcher leaves in the server's build folder. */
    private static final String PROPERTY = "graft.operators";
    private static final String LINK = "server/target/libgraft_operators.so";
    private static final Set<String> SCRIPTS = Set.of("llama.py", "qwen2.py", "qwen3.py");
    private static final int BLOCK = 32;

    private static Boolean available;

    private Operators() {}

    /** The form of the architecture's script that these settings and this machine allow. */
    static Architecture chosen(Architecture plain, ModelConfig config, TorchSettings settings) {
        boolean wanted = settings.operators() && settings.device().equals("cpu");
        if (!wanted || !SCRIPTS.contains(plain.script()) || !fits(config, settings.precision()) || !available()) return plain;
        return plain.withOperators();
    }

    /** Values are packed in pairs, codes in blocks of 32; the widths of all published models are multiples of both. */
    private static boolean fits(ModelConfig config, Precision precision) {
        int multiple = switch (precision) {
            case FLOAT32, BF16 -> 2;
            case INT8, INT4 -> BLOCK;
            case FLOAT16 -> 0;
        };
        int width = config.attention().headDim();
        return multiple > 0 && width % 2 == 0 && config.hiddenSize() % multiple == 0
                && config.intermediateSize() % multiple == 0 && config.attention().heads() * width % multiple == 0;
    }

    /** Whether the operators are there; the first call loads them. */
    static synchronized boolean available() {
        if (available == null) available = load();
        return available;
    }

    private static boolean load() {
        Optional<Path> library = library();
        if (library.isEmpty()) {
            LOG.log(Level.INFO, "operators=plain reason=\"no library was built\"");
            return false;
        }
        try {
            Engine.getEngine("PyTorch"); // the library needs libtorch's names
            System.load(library.get().toRealPath().toString());
            LOG.log(Level.INFO, "operators=own library={0}", library.get().toRealPath());
            return true;
        } catch (UnsatisfiedLinkError | java.io.IOException failure) {
            LOG.log(Level.WARNING, "operators=plain reason=\"{0}\"", failure.getMessage());
            return false;
        }
    }

    private static Optional<Path> library() {
        String named = System.getProperty(PROPERTY, "");
        Path path = named.isEmpty() ? Path.of(System.getProperty("graft.root", ".")).resolve(LINK) : Path.of(named);
        return Optional.of(path.toAbsolutePath()).filter(Files::isRegularFile);
    }
}
