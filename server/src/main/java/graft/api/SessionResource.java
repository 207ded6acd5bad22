package graft.api;

import graft.admission.Caller;
import graft.registry.tenant.KeyHolder;
import graft.registry.tenant.Scope;
import graft.registry.tenant.SessionDao;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.SetCookie;
import io.helidon.webserver.http.ServerRequest;
import java.time.Duration;
import java.util.List;

/** Signing in to the UI: a key is exchanged for a cookie that no script can read. */
final class SessionResource implements Resource {
    private final ApiKeyFilter filter;
    private final SessionDao sessions;
    private final Duration life;

    /** @param life {@code keys.session-life}, 12 h */
    SessionResource(ApiKeyFilter filter, SessionDao sessions, Duration life) {
        this.filter = filter;
        this.sessions = sessions;
        this.life = life;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.open(Method.POST, "/admin/v1/session", this::signIn),
                Route.withAnyKey(Method.GET, "/admin/v1/session", this::whoAmI),
                Route.open(Method.DELETE, "/admin/v1/session", this::signOut));
    }

    record SignIn(String key) {}

    record Session(String object, TenantName tenant, String keyId, List<String> scopes) {
        static Session of(Caller caller) {
            return new Session("session", new TenantName(caller.tenantId(), caller.tenantName()), caller.keyId(),
                    caller.scopes().stream().sorted().map(Scope::word).toList());
        }
    }

    record TenantName(String id, String name) {}

    private void signIn(Exchange exchange) {
        SignIn body = exchange.body(SignIn.class);
        if (body.key() == null) throw ApiException.invalid("key", "'key' is required.");
        KeyHolder holder = filter.byKey(body.key().strip(), ApiKeyFilter.address(exchange.request()));
        String token = sessions.create(holder.tenantId(), holder.keyId(), life);
        setCookie(exchange, token, life);
        exchange.send(201, Session.of(ApiKeyFilter.caller(holder)));
    }

    private void whoAmI(Exchange exchange) {
        exchange.ok(Session.of(exchange.caller()));
    }

    /** Open, so that a read-only key and an ended session can sign out too; the cookie says whose session ends. */
    private void signOut(Exchange exchange) {
        ApiKeyFilter.cookie(exchange.request()).ifPresent(token -> {
            sessions.find(token).ifPresent(holder -> sessions.delete(holder.tenantId(), token));
            filter.forgetSession(token);
        });
        setCookie(exchange, "", Duration.ZERO);
        exchange.noContent();
    }

    private static void setCookie(Exchange exchange, String value, Duration life) {
        exchange.response().headers().addCookie(SetCookie.builder(ApiKeyFilter.COOKIE, value).path("/").httpOnly(true)
                .sameSite(SetCookie.SameSite.STRICT).secure(behindHttps(exchange.request())).maxAge(life).build());
    }

    private static boolean behindHttps(ServerRequest request) {
        return request.isSecure() || request.headers().first(HeaderNames.create("X-Forwarded-Proto"))
                .filter("https"::equalsIgnoreCase).isPresent();
    }
}
