package graft.engine.torch.child;

import graft.engine.Embedder;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * An encoder in a child JVM, on the CPU. Calls take turns; a child that died is started again by the next call, and the
 * call that met its death fails.
 */
public final class EmbedderProcess implements Embedder {
    private static final System.Logger LOG = System.getLogger(EmbedderProcess.class.getName());

    /**
     * @param folder      embedder.model
     * @param window      embedder.window
     * @param batchTokens embedder.batch-tokens
     * @param heapBytes   embedder.child-heap: of the child's JVM; libtorch's memory comes beside it
     * @param stopLimit   embedder.child-stop-limit: until a child that was asked to stop is ended
     */
    public record Settings(Path folder, int window, int batchTokens, long heapBytes, Duration stopLimit) {}

    private final String id;
    private final Settings settings;
    private final ReentrantLock turn = new ReentrantLock(true);
    private Process process;
    private DataInputStream in;
    private DataOutputStream out;
    private int dimensions;
    private int window;
    private boolean closed;

    /** @throws UncheckedIOException if the child can't be started or its model can't be loaded: its log says why */
    public EmbedderProcess(String id, Settings settings) {
        this.id = id;
        this.settings = settings;
        start();
    }

    private void start() {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError",
                "-Xmx" + settings.heapBytes(), "-cp", System.getProperty("java.class.path")));
        // DJL's own settings, as where its natives are.
        System.getProperties().stringPropertyNames().stream().filter(name -> name.startsWith("ai.djl.")
                || name.equals("DJL_CACHE_DIR")).sorted()
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        command.addAll(List.of(EmbedderMain.class.getName(), settings.folder().toString(),
                String.valueOf(settings.window()), String.valueOf(settings.batchTokens())));
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            in = new DataInputStream(new BufferedInputStream(process.getInputStream()));
            out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
            dimensions = in.readInt();
            window = in.readInt();
            LOG.log(Level.INFO, "embedder child pid={0} dimensions={1}", String.valueOf(process.pid()), dimensions);
        } catch (IOException e) {
            if (process != null) process.destroyForcibly();
            throw new UncheckedIOException("the embedder's process could not start", e);
        }
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public int dimensions() {
        return dimensions;
    }

    @Override
    public int window() {
        return window;
    }

    @Override
    public List<float[]> embed(List<int[]> texts) {
        turn.lock();
        try {
            if (closed) throw new IllegalStateException("the embedder is closed");
            if (!process.isAlive()) start();
            return exchange(texts);
        } catch (IOException died) {
            process.destroyForcibly();
            throw new UncheckedIOException("the embedder's process ended", died);
        } finally {
            turn.unlock();
        }
    }

    private List<float[]> exchange(List<int[]> texts) throws IOException {
        out.writeInt(texts.size());
        for (int[] text : texts) {
            out.writeInt(text.length);
            for (int token : text) out.writeInt(token);
        }
        out.flush();
        if (in.readInt() == EmbedderMain.REFUSED) throw new IllegalArgumentException(in.readUTF());
        List<float[]> vectors = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            float[] vector = new float[dimensions];
            for (int k = 0; k < dimensions; k++) vector[k] = in.readFloat();
            vectors.add(vector);
        }
        return vectors;
    }

    /** For its test, which ends it. */
    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        turn.lock();
        try {
            if (closed) return;
            closed = true;
            out.close();
            if (!process.waitFor(settings.stopLimit().toMillis(), TimeUnit.MILLISECONDS)) process.destroyForcibly();
        } catch (IOException gone) {
            LOG.log(Level.DEBUG, "the embedder's process was gone", gone);
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        } finally {
            turn.unlock();
        }
    }
}
