package graft.generation.grammar;

import java.time.Duration;

/**
 * What one compilation may take: bytes, looks at keywords, time. One compilation, one thread.
 *
 * <p>Time counts only once an eighth of the bytes or of the looks is spent: a schema of usual size is never refused
 * because the machine is busy.
 */
final class Budget {
    /** Of keywords looked at: references can name each other so that a small schema means an endless one. */
    private static final int MOST_LOOKS = 100_000;
    private static final int USUAL = 8;
    private final int maxBytes;
    private final Duration time;
    private final long start = System.nanoTime();
    private int bytes;
    private int looks;

    Budget(int maxBytes, Duration time) {
        this.maxBytes = maxBytes;
        this.time = time;
    }

    void bytes(int more) {
        bytes += more;
        if (bytes > maxBytes) throw new InvalidSchemaException("The schema is too large: compiled, it takes more than "
                + maxBytes + " bytes.");
        checkTime();
    }

    void looks(int more) {
        looks += more;
        if (looks > MOST_LOOKS)
            throw new InvalidSchemaException("The schema is too large: it takes too long to compile.");
        checkTime();
    }

    /** @throws InvalidSchemaException where the time is over */
    void checkTime() {
        boolean large = bytes > maxBytes / USUAL || looks > MOST_LOOKS / USUAL;
        if (large && System.nanoTime() - start > time.toNanos()) throw new InvalidSchemaException(
                "The schema is too large: it takes longer than " + time.toMillis() + " ms to compile.");
    }
}
