package graft.api;

import graft.admission.Caller;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One request and its answer, with what every handler needs and nothing else of the web server. Belongs to the virtual
 * thread that handles the request.
 */
final class Exchange {
    static final HeaderName REQUEST_ID = HeaderNames.create("x-request-id");
    private final ServerRequest request;
    private final ServerResponse response;
    private final String requestId;
    private final long bodyLimit;
    private final Caller caller;
    private byte[] body;
    private ReplyCopy copy;

    Exchange(ServerRequest request, ServerResponse response, String requestId, Caller caller, long bodyLimit) {
        this.request = request;
        this.response = response;
        this.requestId = requestId;
        this.caller = caller;
        this.bodyLimit = bodyLimit;
    }

    String requestId() {
        return requestId;
    }

    /** @throws IllegalStateException on a route that is open to anyone */
    Caller caller() {
        if (caller == null) throw new IllegalStateException("an open route has no caller");
        return caller;
    }

    /** The whole body as JSON; more than the limit is a 413. */
    <T> T body(Class<T> type) {
        return Json.read(bytes(), type);
    }

    /** The whole body; asked for again, the same. */
    byte[] bytes() {
        if (body == null) body = readBytes();
        return body;
    }

    private byte[] readBytes() {
        try (InputStream in = stream()) {
            byte[] read = in.readNBytes(Math.toIntExact(Math.min(bodyLimit, Integer.MAX_VALUE - 16)) + 1);
            if (read.length > bodyLimit) throw ApiException.tooLarge("The body is larger than " + bodyLimit + " bytes.");
            return read;
        } catch (IOException e) {
            throw ApiException.invalid("The body could not be read to its end.");
        }
    }

    /** The body as it arrives, for uploads: the handler bounds it. Empty if there is none. */
    InputStream stream() {
        return request.content().hasEntity() ? request.content().inputStream() : InputStream.nullInputStream();
    }

    Optional<String> header(String name) {
        return request.headers().first(HeaderNames.create(name));
    }

    /** @throws ApiException 404 for what Postgres can't hold, so that nothing has such a name */
    String path(String name) {
        String value = request.path().pathParameters().get(name);
        if (value.indexOf('\0') >= 0) throw ApiException.notFound();
        return value;
    }

    Optional<String> query(String name) {
        Optional<String> value = request.query().first(name).asOptional();
        if (value.isPresent() && value.get().indexOf('\0') >= 0)
            throw ApiException.invalid(name, "'" + name + "' holds a NUL character.");
        return value;
    }

    /** Array parameters as {@code name=a&name=b} and as {@code name[]=a}, which the official clients send. */
    List<String> queryAll(String name) {
        List<String> all = new ArrayList<>();
        if (request.query().contains(name)) all.addAll(request.query().all(name));
        if (request.query().contains(name + "[]")) all.addAll(request.query().all(name + "[]"));
        return all;
    }

    /** @throws ApiException 400 for what is no number in the range */
    int queryInt(String name, int byDefault, int least, int most) {
        Optional<String> text = query(name);
        if (text.isEmpty()) return byDefault;
        try {
            int value = Integer.parseInt(text.get());
            if (value >= least && value <= most) return value;
        } catch (NumberFormatException e) {
            // falls through to the same refusal
        }
        throw ApiException.invalid(name, "'" + name + "' must be a whole number from " + least + " to " + most + ".");
    }

    void header(String name, String value) {
        response.header(HeaderNames.create(name), value);
    }

    void send(int status, Object json) {
        byte[] bytes = Json.write(json);
        if (copy != null) {
            copy.add(bytes);
            copy.complete(status, "application/json");
        }
        replay(status, "application/json", bytes);
    }

    /** Sends what was written before. */
    void replay(int status, String contentType, byte[] bytes) {
        response.status(Status.create(status));
        response.header(HeaderNames.CONTENT_TYPE, contentType);
        response.send(bytes);
    }

    /** From now on the reply is also copied. */
    void copyTo(ReplyCopy replyCopy) {
        copy = replyCopy;
    }

    /** Begins a streamed reply. */
    EventStream events() {
        return new EventStream(response, Optional.ofNullable(copy));
    }

    void ok(Object json) {
        send(200, json);
    }

    void noContent() {
        response.status(Status.NO_CONTENT_204).send();
    }

    /** Stored bytes of a user's: never to be run or shown by a browser (CONTRACT.md). */
    void download(String filename, byte[] bytes) {
        attachment(filename);
        response.send(bytes);
    }

    /** As {@link #download(String, byte[])}, for what is too large to hold. A write to a client that left throws. */
    OutputStream download(String filename) {
        attachment(filename);
        return response.outputStream();
    }

    private void attachment(String filename) {
        response.header(HeaderNames.CONTENT_TYPE, "application/octet-stream");
        response.header(HeaderNames.create("Content-Disposition"), "attachment; filename=\""
                + filename.replaceAll("[^A-Za-z0-9._ -]", "_") + "\"");
        response.header(HeaderNames.create("Content-Security-Policy"), "sandbox");
    }

    ServerRequest request() {
        return request;
    }

    ServerResponse response() {
        return response;
    }
}
