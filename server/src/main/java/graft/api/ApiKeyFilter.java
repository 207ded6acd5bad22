package graft.api;

import graft.admission.Caller;
import graft.registry.DatabaseUnavailableException;
import graft.registry.tenant.ApiKeyDao;
import graft.registry.tenant.KeyHolder;
import graft.registry.tenant.KeySecret;
import graft.registry.tenant.Pepper;
import graft.registry.tenant.SessionDao;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.ServerRequest;
import java.net.URI;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Who is asking: a key in {@code Authorization: Bearer}, or the session cookie of the UI. Unknown, expired and revoked
 * keys get the same answer. An address that keeps sending bad keys is told to wait; a good key is let through all the
 * same, because many tenants may share one address behind a gateway. Any thread may call.
 */
final class ApiKeyFilter implements Authenticator {
    static final String COOKIE = "graft_session";
    private static final System.Logger LOG = System.getLogger(ApiKeyFilter.class.getName());
    private static final Duration TOUCH_EVERY = Duration.ofMinutes(1);
    private final ApiKeyDao keys;
    private final SessionDao sessions;
    private final Pepper pepper;
    private final GuessLimit guesses;
    private final KeyCache cache;

    ApiKeyFilter(ApiKeyDao keys, SessionDao sessions, Pepper pepper, AccountsApi.Settings settings) {
        this.keys = keys;
        this.sessions = sessions;
        this.pepper = pepper;
        this.guesses = new GuessLimit(settings.badKeysAMinute(), settings.guessingAddresses());
        this.cache = new KeyCache(settings.cacheSize(), settings.cacheLife());
    }

    @Override
    public Caller authenticate(ServerRequest request) {
        Optional<String> authorization = request.headers().first(HeaderNames.AUTHORIZATION);
        if (authorization.isPresent()) return caller(byKey(bearer(authorization.get()), address(request)));
        String token = cookie(request).orElseThrow(ApiException::invalidApiKey);
        KeyHolder holder = checked(pepper.hmac(token), () -> sessions.find(token))
                .orElseThrow(ApiException::invalidApiKey);
        if (!changesNothing(request) && !fromOurPages(request)) throw ApiException.insufficientScope("same-origin");
        return caller(holder);
    }

    /** @throws ApiException 401 for a bad key, 429 for too many from one address */
    KeyHolder byKey(String text, String address) {
        Optional<KeySecret> secret = KeySecret.parse(text);
        if (secret.isPresent()) {
            byte[] hash = pepper.hmac(text);
            Optional<KeyHolder> good = checked(hash, () -> keys.find(secret.get().prefix())
                    .filter(holder -> MessageDigest.isEqual(holder.secretHmac(), hash)));
            if (good.isPresent()) return good.get();
        }
        Optional<Duration> waiting = guesses.bad(address, System.nanoTime());
        if (waiting.isPresent())
            throw ApiException.rateLimitExceeded("Too many invalid API keys from this address.", waiting.get());
        throw ApiException.invalidApiKey();
    }

    private Optional<KeyHolder> checked(byte[] hash, Supplier<Optional<KeyHolder>> lookUp) {
        Optional<KeyHolder> cached = cache.get(hash, System.nanoTime());
        if (cached.isPresent()) return cached.filter(holder -> holder.validAt(Instant.now()));
        long generation = cache.generation();
        Optional<KeyHolder> found = lookUp.get().filter(KeyHolder::valid);
        found.ifPresent(holder -> {
            cache.put(hash, holder, System.nanoTime(), generation);
            touch(holder);
        });
        return found;
    }

    private void touch(KeyHolder holder) {
        if (holder.lastUsedAt().filter(at -> at.plus(TOUCH_EVERY).isAfter(Instant.now())).isPresent()) return;
        try {
            keys.touch(holder.tenantId(), holder.keyId());
        } catch (DatabaseUnavailableException e) {
            LOG.log(System.Logger.Level.WARNING, "key={0} use not noted: {1}", holder.keyId(), e.reason());
        }
    }

    /** A revoked key counts no more on this server. */
    void forgetKey(String keyId) {
        cache.forgetKey(keyId);
    }

    void forgetSession(String token) {
        cache.forget(pepper.hmac(token));
    }

    static Caller caller(KeyHolder holder) {
        return new Caller(holder.tenantId(), holder.tenantName(), holder.keyId(), holder.scopes(),
                holder.lists());
    }

    static Optional<String> cookie(ServerRequest request) {
        return request.headers().cookies().first(COOKIE).asOptional();
    }

    static String address(ServerRequest request) {
        return request.remotePeer().host();
    }

    private static String bearer(String authorization) {
        return authorization.regionMatches(true, 0, "Bearer ", 0, 7) ? authorization.substring(7).strip() : "";
    }

    private static boolean changesNothing(ServerRequest request) {
        Method method = request.prologue().method();
        return method.equals(Method.GET) || method.equals(Method.HEAD);
    }

    /**
     * A browser sends the cookie by itself; another site's page must not profit. SameSite=Strict keeps it from doing so
     * in today's browsers, this check in all: a foreign page can neither set our header nor choose its own origin.
     */
    private static boolean fromOurPages(ServerRequest request) {
        if (request.headers().contains(HeaderNames.create("X-Graft-Session"))) return true;
        Optional<String> origin = request.headers().first(HeaderNames.ORIGIN);
        Optional<String> host = request.headers().first(HeaderNames.HOST);
        try {
            return origin.isPresent() && host.isPresent()
                    && host.get().equalsIgnoreCase(URI.create(origin.get()).getAuthority());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
