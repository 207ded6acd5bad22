package graft.api;

import graft.admission.Caller;
import graft.registry.DatabaseUnavailableException;
import graft.registry.Ids;
import graft.registry.tenant.Scope;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * The routing table: every route of every resource, each behind the same key check, scope check and error mapping, so
 * that no handler can forget them.
 */
public final class Routes {
    private static final System.Logger LOG = System.getLogger(Routes.class.getName());
    private final List<Route> routes;
    private final Authenticator authenticator;
    private final Optional<Idempotency> idempotency;
    private final long bodyLimit;

    Routes(List<? extends Resource> resources, Authenticator authenticator, long bodyLimit) {
        this(resources, authenticator, Optional.empty(), bodyLimit);
    }

    /** @param idempotency answers retries, where there is a database to keep replies in */
    Routes(List<? extends Resource> resources, Authenticator authenticator, Optional<Idempotency> idempotency,
            long bodyLimit) {
        this.idempotency = idempotency;
        this.routes = resources.stream().flatMap(resource -> resource.routes().stream()).toList();
        this.authenticator = authenticator;
        this.bodyLimit = bodyLimit;
    }

    List<Route> all() {
        return routes;
    }

    public void register(HttpRouting.Builder routing) {
        for (Route route : routes) {
            routing.route(route.method(), route.path(), (request, response) -> answer(route, request, response));
        }
        for (String prefix : List.of("/v1/*", "/admin/*", "/health/*")) {
            routing.any(prefix, (request, response) -> refuse(response, ApiException.notFound()));
        }
    }

    /** Probes and metrics without keys, for a listener that only the cluster reaches. */
    void registerManagement(HttpRouting.Builder routing) {
        for (Route route : routes) {
            if (!route.path().startsWith("/health/") && !route.path().equals("/metrics")) continue;
            Route open = Route.open(route.method(), route.path(), route.handler());
            routing.route(open.method(), open.path(), (request, response) -> answer(open, request, response));
        }
    }

    private void answer(Route route, ServerRequest request, ServerResponse response) {
        String requestId = Ids.next("req_");
        response.header(Exchange.REQUEST_ID, requestId);
        response.header(HeaderNames.create("X-Content-Type-Options"), "nosniff");
        try {
            Caller caller = admit(route, request);
            Exchange exchange = new Exchange(request, response, requestId, caller, bodyLimit);
            if (caller != null) narrow(route, exchange);
            if (idempotency.isPresent()) idempotency.get().answer(route, exchange);
            else route.handler().handle(exchange);
        } catch (ApiException e) {
            refuse(response, e);
        } catch (DatabaseUnavailableException e) {
            LOG.log(System.Logger.Level.WARNING, "request={0} database unavailable: {1}", requestId, e.reason());
            refuse(response, ApiException.databaseUnavailable());
        } catch (EventStream.ClientLeft e) {
            LOG.log(System.Logger.Level.DEBUG, "request={0} client left", requestId);
        } catch (Exception e) {
            LOG.log(System.Logger.Level.ERROR, "request=" + requestId + " failed", e);
            refuse(response, ApiException.internal(requestId));
        }
    }

    private Caller admit(Route route, ServerRequest request) {
        if (route.access() instanceof Route.Access.Open) return null;
        if (route.access() instanceof Route.Access.AdminUnlessLocal && isLocal(request)) return null;
        Caller caller = authenticator.authenticate(request);
        Optional<Scope> needed = route.scope();
        if (needed.isPresent() && !caller.may(needed.get())) {
            throw ApiException.insufficientScope(needed.get().word());
        }
        if (caller.isReadOnly() && !route.changesNothing()) throw ApiException.insufficientScope("write");
        return caller;
    }

    /** A key that is narrowed to some stores meets no other, and neither files nor new stores, which are in none. */
    private static void narrow(Route route, Exchange exchange) {
        Caller caller = exchange.caller();
        if (caller.lists().stores().isEmpty()) return;
        if (route.path().contains("{vector_store_id}") && !caller.mayUseStore(exchange.path("vector_store_id")))
            throw ApiException.notFound();
        boolean outside = route.path().startsWith("/v1/files") || route.path().startsWith("/v1/uploads")
                || route.path().startsWith("/admin/v1/retrievals")
                || route.path().startsWith("/admin/v1/receipts")
                || route.path().equals("/v1/vector_stores") && !route.changesNothing();
        if (outside) throw ApiException.insufficientScope("every vector store");
    }

    /** What a proxy on this machine passes on comes from elsewhere. */
    private static boolean isLocal(ServerRequest request) {
        return request.remotePeer().address() instanceof InetSocketAddress peer && peer.getAddress() != null
                && peer.getAddress().isLoopbackAddress()
                && !request.headers().contains(HeaderNames.X_FORWARDED_FOR)
                && !request.headers().contains(HeaderNames.FORWARDED);
    }

    static void refuse(ServerResponse response, ApiException e) {
        if (response.isSent()) return; // a stream that broke: its handler has said so in the stream
        response.status(Status.create(e.status()));
        e.retryAfter().ifPresent(wait -> response.header(HeaderNames.RETRY_AFTER, String.valueOf(
                Math.max(1, (wait.toMillis() + 999) / 1000))));
        response.header(HeaderNames.CONTENT_TYPE, "application/json");
        response.send(Json.write(e.body()));
    }
}
