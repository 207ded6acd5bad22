package graft.api;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Server-sent events as OpenAI streams them: {@code data: JSON} lines and a last {@code data: [DONE]} (WHATWG HTML,
 * 9.2). Written through the plain response stream, because Helidon's SseSink answers 406 to clients that send
 * {@code Accept: application/json}, which the official ones do.
 *
 * <p>Belongs to the request's thread. A write to a client that left throws {@link ClientLeft}.
 */
final class EventStream implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(EventStream.class.getName());
    private static final String CONTENT_TYPE = "text/event-stream; charset=utf-8";
    private final OutputStream out;
    private final Optional<ReplyCopy> copy;
    private boolean clientLeft;

    /** The client closed the connection: nobody is to blame and nothing more can be sent. */
    static final class ClientLeft extends RuntimeException {
        private static final long serialVersionUID = 1;

        ClientLeft() {
            super("the client closed the connection");
        }

        ClientLeft(Throwable cause) {
            super("the client closed the connection", cause);
        }
    }

    /** @param copy of a reply that is completed for a client expected back, even if it leaves */
    EventStream(ServerResponse response, Optional<ReplyCopy> copy) {
        this.copy = copy;
        response.status(Status.OK_200);
        response.header(HeaderNames.CONTENT_TYPE, CONTENT_TYPE);
        response.header(HeaderNames.CACHE_CONTROL, "no-cache");
        response.header(HeaderNames.create("X-Accel-Buffering"), "no");
        out = response.outputStream();
    }

    void send(Object json) {
        write(event(Json.write(json)));
    }

    void done() {
        byte[] last = event("[DONE]".getBytes(StandardCharsets.US_ASCII));
        copy.ifPresent(kept -> {
            kept.add(last);
            kept.complete(Status.OK_200.code(), CONTENT_TYPE);
        });
        deliver(last);
    }

    private void write(byte[] event) {
        copy.ifPresent(kept -> kept.add(event));
        deliver(event);
    }

    private static byte[] event(byte[] data) {
        byte[] event = new byte[data.length + 8];
        System.arraycopy("data: ".getBytes(StandardCharsets.US_ASCII), 0, event, 0, 6);
        System.arraycopy(data, 0, event, 6, data.length);
        event[data.length + 6] = '\n';
        event[data.length + 7] = '\n';
        return event;
    }

    private void deliver(byte[] event) {
        try {
            if (!clientLeft) {
                out.write(event);
                out.flush();
            }
        } catch (IOException | RuntimeException e) {
            clientLeft = true;
            LOG.log(System.Logger.Level.DEBUG, "a client left: {0}", e.getMessage());
        }
        if (clientLeft && copy.filter(ReplyCopy::isKept).isEmpty()) throw new ClientLeft();
    }

    @Override
    public void close() {
        if (clientLeft) return;
        try {
            out.close();
        } catch (IOException | RuntimeException e) {
            throw new ClientLeft(e);
        }
    }
}
