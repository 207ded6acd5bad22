package graft.api;

import graft.registry.tenant.Scope;
import io.helidon.http.Method;
import java.util.Optional;

/**
 * One endpoint: what the router registers, what the key filter demands, and what openapi.yaml must list.
 *
 * @param method  of HTTP
 * @param path    with {@code {name}} for a segment and {@code {+name}} for the rest, as Helidon's router takes it
 * @param access  who may call
 * @param handler answers on a virtual thread; throws {@link ApiException} to refuse
 */
record Route(Method method, String path, Access access, Handler handler) {

    /** Who may call a route. */
    sealed interface Access {
        /** Anyone: probes, the sign-in page. */
        record Open() implements Access {}

        /** Any valid key. */
        record AnyKey() implements Access {}

        /** A valid key with this scope, or the admin scope. */
        record Needs(Scope scope) implements Access {}

        /** Whoever is on this machine itself, else a valid key with the admin scope. */
        record AdminUnlessLocal() implements Access {}
    }

    @FunctionalInterface
    interface Handler {
        void handle(Exchange exchange) throws Exception;
    }

    static Route get(String path, Scope scope, Handler handler) {
        return new Route(Method.GET, path, new Access.Needs(scope), handler);
    }

    static Route post(String path, Scope scope, Handler handler) {
        return new Route(Method.POST, path, new Access.Needs(scope), handler);
    }

    static Route put(String path, Scope scope, Handler handler) {
        return new Route(Method.PUT, path, new Access.Needs(scope), handler);
    }

    static Route patch(String path, Scope scope, Handler handler) {
        return new Route(Method.PATCH, path, new Access.Needs(scope), handler);
    }

    static Route delete(String path, Scope scope, Handler handler) {
        return new Route(Method.DELETE, path, new Access.Needs(scope), handler);
    }

    /** Needs any valid key, whatever its scopes. */
    static Route withAnyKey(Method method, String path, Handler handler) {
        return new Route(method, path, new Access.AnyKey(), handler);
    }

    static Route open(Method method, String path, Handler handler) {
        return new Route(method, path, new Access.Open(), handler);
    }

    Optional<Scope> scope() {
        return switch (access) {
            case Access.Needs needs -> Optional.of(needs.scope());
            case Access.AdminUnlessLocal _ -> Optional.of(Scope.ADMIN);
            case Access.Open _, Access.AnyKey _ -> Optional.empty();
        };
    }

    /** A call that a read-only key may make. */
    boolean changesNothing() {
        return method.equals(Method.GET) || method.equals(Method.HEAD);
    }
}
