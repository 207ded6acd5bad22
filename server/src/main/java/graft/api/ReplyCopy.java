package graft.api;

import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;

/**
 * Keeps a copy of a reply while it is sent, to be replayed to a retry. Handed over just before the reply's last bytes
 * leave, so that whoever has seen its end can be sure of the replay. Belongs to the request's thread.
 */
final class ReplyCopy {
    private final int largest;
    private final Consumer<Reply> complete;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private boolean tooLarge;

    record Reply(int status, String contentType, byte[] body) {}

    /** @param largest bytes; a larger reply is not kept */
    ReplyCopy(int largest, Consumer<Reply> complete) {
        this.largest = largest;
        this.complete = complete;
    }

    /** Worth going on with for a client that left: the retry will find the whole. */
    boolean isKept() {
        return !tooLarge;
    }

    void add(byte[] part) {
        if (tooLarge) return;
        if (bytes.size() + part.length > largest) {
            tooLarge = true;
            bytes.reset();
        } else {
            bytes.writeBytes(part);
        }
    }

    /** Nothing is kept of an error: a retry may well succeed. */
    void complete(int status, String contentType) {
        if (!tooLarge && status < 400) complete.accept(new Reply(status, contentType, bytes.toByteArray()));
    }
}
