package graft.engine.tensorrt;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The native library, one a process: what {@code tensorrt_jni.cc} exports. Only numbers and direct buffers cross, laid
 * out as {@link Wire} says. Handles that are closed answer like a closed engine. Safe from any thread; {@link #poll}
 * serves one caller at a time.
 */
final class TensorRtLibrary {
    /** Codes of executor.h; calls that return ids or sizes return them negated. */
    static final int OK = 0;
    static final int INVALID = 1;
    static final int BUSY = 2;
    static final int FAILED = 3;
    static final int CLOSED = 4;

    private static final int LONGEST_MESSAGE = 2048;
    private static Path loaded;

    private TensorRtLibrary() {}

    /**
     * Loads it; a second call with the same file does nothing.
     *
     * @return {@code tensorrt}, or {@code echo} for the library of machines without a GPU
     * @throws UnsatisfiedLinkError  if the file or something it needs is missing
     * @throws IllegalStateException if another one is loaded already
     */
    static synchronized String load(Path library) {
        Path absolute = library.toAbsolutePath().normalize();
        if (loaded == null) {
            System.load(absolute.toString());
            loaded = absolute;
        }
        if (!loaded.equals(absolute)) throw new IllegalStateException(loaded + " is loaded already");
        return kind();
    }

    /** A buffer that messages are written into. */
    static ByteBuffer message() {
        return ByteBuffer.allocateDirect(LONGEST_MESSAGE).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** What a failed call wrote into its message buffer. */
    static String text(ByteBuffer message) {
        byte[] bytes = new byte[Math.min(message.getInt(0), message.capacity() - 4)];
        message.get(4, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static native String kind();

    /** @return a handle, or a negated code */
    static native long open(ByteBuffer settings, int length, ByteBuffer message);

    /** @return an id above 0, or a negated code */
    static native long submit(long handle, ByteBuffer request, int length, ByteBuffer message);

    /** @return bytes written, 0 where nothing came in that time, or a negated code */
    static native long poll(long handle, ByteBuffer events, int timeoutMillis);

    static native void cancel(long handle, long id);

    /** @return a code, perhaps negated */
    static native long putAdapter(long handle, long task, int type, ByteBuffer weights, long rows, long width,
            ByteBuffer config, ByteBuffer message);

    /** @return false while a request uses it */
    static native boolean dropAdapter(long handle, long task);

    /** @return a code */
    static native int stats(long handle, ByteBuffer into);

    static native void shutdown(long handle);

    static native void close(long handle);
}
