package graft.api;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Server-sent events as OpenAI streams them: {@code data: JSON} lines and a last {@code data: [DONE]} (WHATWG HTML,
 * 9.2). Written through the plain response stream, because Helidon's SseSink answers 406 to clients that send
 * {@code Accept: application/json}, which the official ones do.
 *
 * <p>Belongs to the request's thread. A write to a client that left throws {@link ClientLeft}.
 */
final class EventStream implements AutoCloseable {
    private final OutputStream out;

    /** The client closed the connection: nobody is to blame and nothing more can be sent. */
    static final class ClientLeft extends RuntimeException {
        private static final long serialVersionUID = 1;

        ClientLeft(Throwable cause) {
            super("the client closed the connection", cause);
        }
    }

    EventStream(ServerResponse response) {
        response.status(Status.OK_200);
        response.header(HeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
        response.header(HeaderNames.CACHE_CONTROL, "no-cache");
        response.header(HeaderNames.create("X-Accel-Buffering"), "no");
        out = response.outputStream();
    }

    void send(Object json) {
        write(Json.write(json));
    }

    void done() {
        write("[DONE]".getBytes(StandardCharsets.US_ASCII));
    }

    private void write(byte[] data) {
        try {
            byte[] event = new byte[data.length + 8];
            System.arraycopy("data: ".getBytes(StandardCharsets.US_ASCII), 0, event, 0, 6);
            System.arraycopy(data, 0, event, 6, data.length);
            event[data.length + 6] = '\n';
            event[data.length + 7] = '\n';
            out.write(event);
            out.flush();
        } catch (IOException | RuntimeException e) {
            throw new ClientLeft(e);
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException | RuntimeException e) {
            throw new ClientLeft(e);
        }
    }
}
