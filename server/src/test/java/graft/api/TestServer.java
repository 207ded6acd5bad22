package graft.api;

import graft.admission.Caller;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Resources behind the real routes on a free port, with keys that simply name callers: {@code Bearer NAME}. A key that
 * is not in the map is refused as an unknown one is.
 */
final class TestServer implements AutoCloseable {
    private final WebServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    TestServer(List<? extends Resource> resources, Map<String, Caller> callers, long bodyLimit) {
        this(resources, callers, Optional.empty(), bodyLimit);
    }

    TestServer(List<? extends Resource> resources, Map<String, Caller> callers, Optional<Idempotency> idempotency,
            long bodyLimit) {
        this(resources, request -> {
            String key = request.headers().first(HeaderNames.AUTHORIZATION).orElse("").replaceFirst("^Bearer ", "");
            if (!callers.containsKey(key)) throw ApiException.invalidApiKey();
            return callers.get(key);
        }, idempotency, bodyLimit);
    }

    TestServer(List<? extends Resource> resources, Authenticator authenticator, long bodyLimit) {
        this(resources, authenticator, Optional.empty(), bodyLimit);
    }

    private TestServer(List<? extends Resource> resources, Authenticator authenticator,
            Optional<Idempotency> idempotency, long bodyLimit) {
        Routes routes = new Routes(resources, authenticator, idempotency, bodyLimit);
        server = WebServer.builder().host("127.0.0.1").port(0).addProtocol(HttpServer.http1()).routing(routes::register).build().start();
    }

    int port() {
        return server.port();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }

    HttpResponse<byte[]> send(String key, String method, String path, String contentType, byte[] body) {
        return send(HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + key)
                .header("Content-Type", contentType)
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body)).build());
    }

    HttpResponse<byte[]> send(String key, String method, String path, String json) {
        return send(key, method, path, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }

    HttpResponse<byte[]> get(String key, String path) {
        return send(HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + key).build());
    }

    HttpResponse<byte[]> send(HttpRequest request) {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        client.close();
        server.stop();
    }
}
