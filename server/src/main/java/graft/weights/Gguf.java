package graft.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A GGUF model, memory-mapped, under the names and in the row order of Hugging Face checkpoints.
 *
 * <p>llama.cpp's converter permutes the rows of q and k of the llama architecture so that rotary pairs become
 * neighbours; here the permutation is undone, so that {@link #bytes} of those tensors is a copy and not a view.
 * Immutable and safe from any thread; the mapping lives until {@link #close}.
 */
public final class Gguf implements TensorFile {
    private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;
    private final String file;
    private final Arena arena;
    private final MemorySegment data;
    private final GgufMetadata metadata;
    private final Map<String, Tensor> tensors;

    /** @param heads 0 where rows are in order, else how many heads the permuted rows belong to */
    private record Tensor(TensorInfo info, long begin, long length, int heads) {}

    private Gguf(String file, Arena arena, MemorySegment whole, GgufHeader.Contents header) {
        this.file = file;
        this.arena = arena;
        this.data = whole.asSlice(Math.min(header.dataOffset(), whole.byteSize()));
        this.metadata = header.metadata();
        this.tensors = Collections.unmodifiableMap(renamed(header));
    }

    /**
     * @param headerLimit most bytes that metadata (vocabulary included) and tensor descriptions may have
     * @throws InvalidTensorFileException when the file is not whole, not consistent, or holds what is not supported
     */
    public static Gguf open(Path path, int headerLimit) {
        String file = path.getFileName().toString();
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment whole = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new Gguf(file, arena, whole, GgufHeader.read(file, whole, headerLimit));
        } catch (IOException unreadable) {
            arena.close();
            throw new UncheckedIOException(file + " can't be read", unreadable);
        } catch (InvalidTensorFileException invalid) {
            arena.close();
            throw invalid;
        }
    }

    private Map<String, Tensor> renamed(GgufHeader.Contents header) {
        String architecture = metadata.string("general.architecture")
                .orElseThrow(() -> metadata.missing("general.architecture"));
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        header.tensors().forEach((ggufName, entry) -> {
            String name = GgufNames.huggingFace(ggufName)
                    .orElseThrow(() -> new InvalidTensorFileException(file, ggufName, "is a tensor that is not known"));
            TensorInfo info = new TensorInfo(name, entry.info().type(), entry.info().shape());
            int heads = architecture.equals("llama") ? permutedHeads(ggufName) : 0;
            if (heads > 0 && (info.shape().isEmpty() || info.shape().getFirst() % (2L * heads) != 0)) {
                throw new InvalidTensorFileException(file, ggufName,
                        "has rows " + info.shape() + " that are not those of " + heads + " heads");
            }
            renamed.put(name, new Tensor(info, entry.begin(), entry.length(), heads));
        });
        return renamed;
    }

    private int permutedHeads(String ggufName) {
        int heads = metadata.integer("llama.attention.head_count").orElse(0);
        if (ggufName.contains(".attn_q.")) return Math.max(0, heads);
        if (ggufName.contains(".attn_k.")) {
            return Math.max(0, metadata.integer("llama.attention.head_count_kv").orElse(heads));
        }
        return 0;
    }

    GgufMetadata metadata() {
        return metadata;
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    @Override
    public TensorInfo info(String name) {
        return tensor(name).info();
    }

    @Override
    public MemorySegment bytes(String name) {
        Tensor tensor = tensor(name);
        MemorySegment stored = data.asSlice(tensor.begin(), tensor.length());
        return tensor.heads() == 0 ? stored : inHuggingFaceOrder(stored, tensor);
    }

    /** Row {@code 2p + s} of a head is row {@code s * half + p} of the original: s says which half, p which pair. */
    private static MemorySegment inHuggingFaceOrder(MemorySegment stored, Tensor tensor) {
        long rows = tensor.info().shape().getFirst();
        long rowBytes = stored.byteSize() / rows;
        long half = rows / tensor.heads() / 2;
        MemorySegment ordered = Arena.ofAuto().allocate(stored.byteSize(), Long.BYTES);
        for (long row = 0; row < rows; row++) {
            MemorySegment.copy(stored, sourceRow(row, half) * rowBytes, ordered, row * rowBytes, rowBytes);
        }
        return ordered;
    }

    /** Where the converter put a row of the original; {@code half} is half the size of a head. */
    static long sourceRow(long row, long half) {
        long head = row / (2 * half);
        long side = row / half % 2;
        long pair = row % half;
        return head * 2 * half + 2 * pair + side;
    }

    @Override
    public float[] floats(String name) {
        TensorInfo info = info(name);
        if (info.elements() > LARGEST_ARRAY) {
            throw new InvalidTensorFileException(file, name, "has more elements than a Java array");
        }
        return Elements.floats(info.type(), bytes(name), (int) info.elements());
    }

    private Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) throw new IllegalArgumentException(file + " holds no tensor " + name);
        return tensor;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) arena.close();
    }
}
