package graft.api;

import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;

/**
 * Errors that never reach a route, in the same shape as all others: a request line that can't be read, headers too
 * large, a body over the listener's limit, a path with a bad escape.
 */
final class ErrorMapping {
    private static final System.Logger LOG = System.getLogger(ErrorMapping.class.getName());

    private ErrorMapping() {}

    static DirectHandlers handlers() {
        DirectHandlers.Builder handlers = DirectHandlers.builder();
        for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
            handlers.addHandler(type, ErrorMapping::answer);
        }
        return handlers.build();
    }

    private static DirectHandler.TransportResponse answer(DirectHandler.TransportRequest request,
            DirectHandler.EventType type, Status status, ServerResponseHeaders headers, String message) {
        LOG.log(System.Logger.Level.DEBUG, "refused status={0} event={1}", status.code(), type);
        return DirectHandler.TransportResponse.builder()
                .status(status)
                .headers(headers)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .header(HeaderNames.create("X-Content-Type-Options"), "nosniff")
                // After an unreadable request nobody knows where the next one begins.
                .keepAlive(type != DirectHandler.EventType.BAD_REQUEST && type.keepAlive())
                .entity(Json.write(error(status).body()))
                .build();
    }

    private static ApiException error(Status status) {
        return switch (status.code()) {
            case 404 -> ApiException.notFound();
            case 413 -> ApiException.tooLarge("The body is larger than this server accepts.");
            case 431 -> ApiException.invalid("The request's headers are larger than this server accepts.");
            case 500 -> ApiException.internal("before it had an id");
            default -> ApiException.invalid("The request could not be read: " + status.reasonPhrase() + ".");
        };
    }
}
