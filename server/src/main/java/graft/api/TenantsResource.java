package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.registry.Listing;
import graft.registry.tenant.ApiKey;
import graft.registry.tenant.ApiKeyDao;
import graft.registry.tenant.Scope;
import graft.registry.tenant.Tenant;
import graft.registry.tenant.TenantDao;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Tenants and their keys, for the operator. */
final class TenantsResource implements Resource {
    private static final int LONGEST_NAME = 200;
    private static final int MOST_LISTED = 1000;
    private static final int MOST_OVERLAP_SECONDS = 90 * 86_400;
    private final TenantDao tenants;
    private final ApiKeyDao keys;
    private final ApiKeyFilter filter;
    private final Duration overlap;

    /** @param overlap of a rotated key and its successor, if none is asked for */
    TenantsResource(TenantDao tenants, ApiKeyDao keys, ApiKeyFilter filter, Duration overlap) {
        this.overlap = overlap;
        this.tenants = tenants;
        this.keys = keys;
        this.filter = filter;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.post("/admin/v1/tenants", Scope.ADMIN, this::create),
                Route.get("/admin/v1/tenants", Scope.ADMIN, this::list),
                Route.get("/admin/v1/tenants/{tenant_id}", Scope.ADMIN, this::get),
                Route.delete("/admin/v1/tenants/{tenant_id}", Scope.ADMIN, this::delete),
                Route.post("/admin/v1/tenants/{tenant_id}/keys", Scope.ADMIN, this::createKey),
                Route.get("/admin/v1/tenants/{tenant_id}/keys", Scope.ADMIN, this::listKeys),
                Route.post("/admin/v1/tenants/{tenant_id}/keys/{key_id}/rotate", Scope.ADMIN, this::rotateKey),
                Route.delete("/admin/v1/tenants/{tenant_id}/keys/{key_id}", Scope.ADMIN, this::deleteKey));
    }

    record NewTenant(String name) {}

    record TenantBody(String object, String id, String name, long createdAt) {
        static TenantBody of(Tenant tenant) {
            return new TenantBody("tenant", tenant.id(), tenant.name(), tenant.createdAt().getEpochSecond());
        }
    }

    private void create(Exchange exchange) {
        String name = checkedName(exchange.body(NewTenant.class).name());
        if (name.equals(Tenant.OPERATOR) || name.equals(Tenant.DEMO))
            throw ApiException.conflict("The tenant '" + name + "' is built in.");
        exchange.send(201, TenantBody.of(tenants.create(exchange.caller().keyId(), name)));
    }

    private static String checkedName(String name) {
        if (name == null || name.isBlank() || name.length() > LONGEST_NAME
                || name.chars().anyMatch(Character::isISOControl))
            throw ApiException.invalid("name", "'name' must have 1 to " + LONGEST_NAME + " printable characters.");
        return name.strip();
    }

    private void list(Exchange exchange) {
        Listing listing = Lists.listing(exchange, Listing.Sort.CREATED);
        exchange.ok(Page.of(tenants.list(listing).stream().map(TenantBody::of).toList(), listing.most(),
                TenantBody::id));
    }

    private Tenant tenant(Exchange exchange) {
        return tenants.find(exchange.path("tenant_id")).orElseThrow(ApiException::notFound);
    }

    private void get(Exchange exchange) {
        exchange.ok(TenantBody.of(tenant(exchange)));
    }

    record Deleted(String object, String id, boolean deleted) {}

    private void delete(Exchange exchange) {
        String id = exchange.path("tenant_id");
        if (id.equals(Tenant.OPERATOR)) throw ApiException.conflict("The operator can't be deleted.");
        tenants.delete(exchange.caller().keyId(), id).orElseThrow(ApiException::notFound).forEach(filter::forgetKey);
        exchange.ok(new Deleted("tenant.deleted", id, true));
    }

    /**
     * @param models    names that the key is narrowed to; absent: all
     * @param stores    ids that the key is narrowed to; absent: all
     * @param expiresAt seconds since 1970 or ISO 8601; absent: never
     */
    record NewKey(String name, List<String> scopes, List<String> models, List<String> stores, JsonNode expiresAt) {
        ApiKeyDao.NewKey checked() {
            String text = name == null ? "" : checkedName(name);
            Set<Scope> wanted = TenantsResource.scopes(scopes);
            ApiKey.Lists lists = new ApiKey.Lists(list("models", models), list("stores", stores));
            if (wanted.contains(Scope.ADMIN) && !lists.equals(ApiKey.Lists.NONE))
                throw ApiException.invalid("scopes", "A key with the scope admin can't be narrowed.");
            return new ApiKeyDao.NewKey(text, wanted, lists, expiry(expiresAt));
        }
    }

    private static Optional<Set<String>> list(String name, List<String> names) {
        if (names == null) return Optional.empty();
        if (names.size() > MOST_LISTED || names.stream().anyMatch(one -> one == null || one.isBlank()
                || one.length() > LONGEST_NAME || one.chars().anyMatch(Character::isISOControl)))
            throw ApiException.invalid(name, "'" + name + "' must be a list of at most " + MOST_LISTED + " names.");
        return Optional.of(Set.copyOf(names));
    }

    /** @param secret only when the key is made */
    record MadeKey(String object, String id, String secret, String name, String prefix, List<String> scopes,
            List<String> models, List<String> stores, Long createdAt, Long expiresAt) {
        static MadeKey of(ApiKeyDao.Made made) {
            ApiKey key = made.key();
            return new MadeKey("api_key", key.id(), made.secret().text(), key.name(), key.prefix(), words(key.scopes()),
                    names(key.lists().models()), names(key.lists().stores()), key.createdAt().getEpochSecond(),
                    seconds(key.expiresAt()));
        }
    }

    record KeyBody(String object, String id, String name, String prefix, List<String> scopes, List<String> models,
            List<String> stores, long createdAt, Long expiresAt, Long lastUsedAt) {
        static KeyBody of(ApiKey key) {
            return new KeyBody("api_key", key.id(), key.name(), key.prefix(), words(key.scopes()),
                    names(key.lists().models()), names(key.lists().stores()), key.createdAt().getEpochSecond(),
                    seconds(key.expiresAt()), seconds(key.lastUsedAt()));
        }
    }

    private static List<String> words(Set<Scope> scopes) {
        return scopes.stream().sorted().map(Scope::word).toList();
    }

    private static List<String> names(Optional<Set<String>> list) {
        return list.map(names -> names.stream().sorted().toList()).orElse(null);
    }

    private static Long seconds(Optional<Instant> instant) {
        return instant.map(Instant::getEpochSecond).orElse(null);
    }

    private void createKey(Exchange exchange) {
        NewKey body = exchange.body(NewKey.class);
        Tenant tenant = tenant(exchange);
        ApiKeyDao.Made made = keys.create(exchange.caller().keyId(), tenant.id(), body.checked());
        exchange.header("Cache-Control", "no-store");
        exchange.send(201, MadeKey.of(made));
    }

    /** @param overlapSeconds how long the old key goes on; 0 ends it now */
    record Rotation(Integer overlapSeconds) {}

    private void rotateKey(Exchange exchange) {
        Rotation body = Lists.bodyOrEmpty(exchange, Rotation.class);
        Checks.within("overlap_seconds", body.overlapSeconds(), 0, MOST_OVERLAP_SECONDS);
        String id = exchange.path("key_id");
        ApiKeyDao.Made made = keys.rotate(exchange.caller().keyId(), tenant(exchange).id(), id,
                body.overlapSeconds() == null ? overlap : Duration.ofSeconds(body.overlapSeconds()))
                .orElseThrow(ApiException::notFound);
        filter.forgetKey(id);
        exchange.header("Cache-Control", "no-store");
        exchange.send(201, MadeKey.of(made));
    }

    private static Set<Scope> scopes(List<String> words) {
        if (words == null || words.isEmpty())
            throw ApiException.invalid("scopes", "'scopes' must name at least one of "
                    + words(EnumSet.allOf(Scope.class)) + ".");
        Set<Scope> scopes = EnumSet.noneOf(Scope.class);
        for (String word : words) {
            scopes.add(Scope.of(String.valueOf(word)).orElseThrow(() -> ApiException.invalid("scopes",
                    "Unknown scope '" + word + "': expected one of " + words(EnumSet.allOf(Scope.class)))));
        }
        return scopes;
    }

    private static Optional<Instant> expiry(JsonNode at) {
        if (at == null || at.isNull()) return Optional.empty();
        try {
            if (at.isIntegralNumber() && at.canConvertToLong())
                return Optional.of(Instant.ofEpochSecond(at.longValue()));
            if (at.isTextual()) return Optional.of(OffsetDateTime.parse(at.textValue()).toInstant());
        } catch (DateTimeException e) {
            // falls through to the same refusal
        }
        throw ApiException.invalid("expires_at", "'expires_at' must be seconds since 1970 or an ISO 8601 time.");
    }

    private void listKeys(Exchange exchange) {
        Tenant tenant = tenant(exchange);
        int limit = exchange.queryInt("limit", 20, 1, 100);
        exchange.ok(Page.of(keys.list(tenant.id(), exchange.query("after"), limit + 1).stream().map(KeyBody::of)
                .toList(), limit, KeyBody::id));
    }

    private void deleteKey(Exchange exchange) {
        String id = exchange.path("key_id");
        keys.revoke(exchange.caller().keyId(), exchange.path("tenant_id"), id).orElseThrow(ApiException::notFound);
        filter.forgetKey(id);
        exchange.ok(new Deleted("api_key.deleted", id, true));
    }
}
