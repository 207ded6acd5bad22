package graft.api;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http1.Http1Config;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The listeners: API and admin UI on one port, and, if asked for, probes and metrics on another. Closing it drains:
 * not ready, new API requests are told to come back, running ones finish or are cut off at the limit.
 */
public final class HttpServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(HttpServer.class.getName());
    private static final String MANAGEMENT = "management";
    private static final Duration COME_BACK = Duration.ofSeconds(5);
    /** Handlers that serve users' bytes replace the policy by a stricter one. */
    private static final Map<HeaderName, String> SECURITY_HEADERS = Map.of(
            HeaderNames.create("X-Content-Type-Options"), "nosniff",
            HeaderNames.create("X-Frame-Options"), "DENY",
            HeaderNames.create("Referrer-Policy"), "no-referrer",
            HeaderNames.create("Cross-Origin-Opener-Policy"), "same-origin",
            HeaderNames.create("Cross-Origin-Resource-Policy"), "same-origin",
            HeaderNames.create("Content-Security-Policy"), "default-src 'self'; base-uri 'none'; object-src 'none'; "
                    + "form-action 'self'; frame-ancestors 'none'; style-src 'self' 'unsafe-inline'; "
                    + "img-src 'self' data:");

    private final WebServer server;
    private final Health health;
    private final RunningRequests running;
    private final Duration drainLimit;

    /**
     * @param adminPort      of the second listener; 0 opens none
     * @param maxConnections more wait in the system's queue
     * @param idleTimeout    after which a quiet connection is closed
     * @param drainLimit     longest time running requests get at the end
     * @param ui             folder of the built admin UI
     */
    public record Options(String host, int port, int adminPort, int maxConnections, Duration idleTimeout,
            Duration drainLimit, Optional<Path> ui) {}

    private HttpServer(WebServer server, Health health, RunningRequests running, Duration drainLimit) {
        this.server = server;
        this.health = health;
        this.running = running;
        this.drainLimit = drainLimit;
    }

    /**
     * Asks before the seconds that a model takes whether the ports can be had; {@link #start} asks again.
     *
     * @throws PortTaken when somebody else listens there
     */
    public static void requireFree(Options options) {
        for (int port : new int[] {options.port(), options.adminPort()}) {
            try (ServerSocket socket = new ServerSocket()) {
                if (port > 0) socket.bind(new InetSocketAddress(options.host(), port));
            } catch (IOException e) {
                throw new PortTaken(options, e);
            }
        }
    }

    /** @throws PortTaken when somebody else listens there */
    public static HttpServer start(Options options, Routes routes, Health health) {
        RunningRequests running = new RunningRequests();
        WebServerConfig.Builder builder = WebServer.builder().host(options.host()).port(options.port())
                .shutdownHook(false)
                .maxTcpConnections(options.maxConnections())
                .idleConnectionTimeout(options.idleTimeout())
                // Else a streamed token waits until the client's system has acknowledged the one before, up to 40 ms.
                .connectionOptions(connection -> connection.tcpNoDelay(true))
                .addProtocol(http1())
                .directHandlers(ErrorMapping.handlers())
                .routing(routing -> {
                    routing.addFilter((chain, request, response) -> filter(chain, request, response, health, running));
                    routes.register(routing);
                    options.ui().map(UiContent::new).ifPresent(ui -> ui.register(routing));
                    routing.any((request, response) -> Routes.refuse(response, ApiException.notFound()));
                });
        if (options.adminPort() > 0) {
            builder.putSocket(MANAGEMENT, listener -> listener.host(options.host()).port(options.adminPort())
                    .directHandlers(ErrorMapping.handlers()).routing(routes::registerManagement));
        }
        WebServer server = builder.build().start();
        // Helidon logs why a listener did not open, and carries on without it.
        if (!server.isRunning()) throw new PortTaken(options, null);
        return new HttpServer(server, health, running, options.drainLimit());
    }

    /** Another process listens on the address. */
    public static final class PortTaken extends RuntimeException {
        private static final long serialVersionUID = 1;

        PortTaken(Options options, Throwable cause) {
            super("The port " + options.port() + (options.adminPort() > 0 ? " or " + options.adminPort() : "") + " of "
                    + options.host() + " is taken or may not be used: give another with --port.", cause);
        }
    }

    /** Takes {@code name[]=a} unescaped, as people type it (RFC 3986 would have the brackets escaped). */
    static Http1Config http1() {
        return Http1Config.builder().validatePrologue(false).build();
    }

    private static void filter(FilterChain chain, RoutingRequest request, RoutingResponse response, Health health,
            RunningRequests running) {
        SECURITY_HEADERS.forEach(response::header);
        boolean probe = request.path().path().startsWith("/health/");
        if (health.isDraining() && !probe) {
            response.header(HeaderNames.CONNECTION, "close");
            Routes.refuse(response, ApiException.serverBusy(COME_BACK));
            return;
        }
        running.enter();
        try {
            chain.proceed();
        } finally {
            running.leave();
        }
    }

    public int port() {
        return server.port();
    }

    @Override
    public void close() {
        health.drain();
        int cutOff = running.awaitNone(drainLimit);
        if (cutOff > 0) LOG.log(System.Logger.Level.WARNING, "drain=over cut-off-requests={0}", cutOff);
        server.stop();
    }
}
