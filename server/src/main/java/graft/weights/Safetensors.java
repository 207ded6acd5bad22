package graft.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * One safetensors file, memory-mapped. Everything the header claims is checked against the file before a single value
 * is read, so that a hostile upload can neither read past its end nor make the server allocate what it claims.
 *
 * <p>Format: eight bytes of header length, a JSON header, the data (https://github.com/huggingface/safetensors).
 * Immutable and safe from any thread; the mapping lives until {@link #close}.
 */
public final class Safetensors implements TensorFile {
    private static final int LENGTH_BYTES = 8;
    private final String file;
    private final Runnable close;
    private final MemorySegment data;
    private final Map<String, SafetensorsHeader.Entry> entries;
    private final Map<String, String> metadata;

    private Safetensors(String file, Runnable close, MemorySegment data, SafetensorsHeader header) {
        this.file = file;
        this.close = close;
        this.data = data;
        this.entries = Collections.unmodifiableMap(new LinkedHashMap<>(header.entries()));
        this.metadata = Map.copyOf(header.metadata());
    }

    /**
     * @param headerLimit most bytes the JSON header may have; bounds what a file can make us allocate
     * @throws InvalidTensorFileException when the file is not whole and consistent
     * @throws UncheckedIOException       when it can't be read
     */
    public static Safetensors open(Path path, int headerLimit) {
        Arena own = Arena.ofShared();
        try {
            return open(path, headerLimit, own, own::close);
        } catch (InvalidTensorFileException | UncheckedIOException failed) {
            own.close();
            throw failed;
        }
    }

    /** @param mapping how long the values can be read; closing the file does not end it */
    static Safetensors open(Path path, int headerLimit, Arena mapping) {
        return open(path, headerLimit, mapping, () -> { });
    }

    private static Safetensors open(Path path, int headerLimit, Arena mapping, Runnable close) {
        String file = path.getFileName().toString();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment whole = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), mapping);
            int headerLength = headerLength(file, whole, headerLimit);
            byte[] json = whole.asSlice(LENGTH_BYTES, headerLength).toArray(ValueLayout.JAVA_BYTE);
            MemorySegment data = whole.asSlice(LENGTH_BYTES + (long) headerLength);
            return new Safetensors(file, close, data, SafetensorsHeader.parse(file, json, data.byteSize()));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(file + " can't be read", unreadable);
        }
    }

    private static int headerLength(String file, MemorySegment whole, int limit) {
        if (whole.byteSize() < LENGTH_BYTES) {
            throw new InvalidTensorFileException(file, "has " + whole.byteSize() + " bytes, too few for a header");
        }
        long length = whole.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        if (length < 0 || length > limit) {
            throw new InvalidTensorFileException(file, "claims a header of " + Long.toUnsignedString(length)
                    + " bytes, at most " + limit + " are allowed");
        }
        if (length > whole.byteSize() - LENGTH_BYTES) {
            throw new InvalidTensorFileException(file, "claims a header of " + length + " bytes, the file has only "
                    + (whole.byteSize() - LENGTH_BYTES) + " after the length");
        }
        return (int) length;
    }

    /** The strings of {@code __metadata__}. */
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public Set<String> names() {
        return entries.keySet();
    }

    @Override
    public boolean has(String name) {
        return entries.containsKey(name);
    }

    @Override
    public TensorInfo info(String name) {
        return entry(name).info();
    }

    @Override
    public MemorySegment bytes(String name) {
        SafetensorsHeader.Entry entry = entry(name);
        return data.asSlice(entry.begin(), entry.end() - entry.begin());
    }

    @Override
    public float[] floats(String name) {
        TensorInfo info = info(name);
        if (info.elements() > Integer.MAX_VALUE - LENGTH_BYTES) {
            throw new InvalidTensorFileException(file, name, "has more elements than a Java array");
        }
        return Elements.floats(info.type(), bytes(name), (int) info.elements());
    }

    private SafetensorsHeader.Entry entry(String name) {
        SafetensorsHeader.Entry entry = entries.get(name);
        if (entry == null) throw new IllegalArgumentException(file + " holds no tensor " + name);
        return entry;
    }

    @Override
    public void close() {
        if (data.scope().isAlive()) close.run();
    }
}
