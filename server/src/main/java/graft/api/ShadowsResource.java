package graft.api;

import graft.admission.Caller;
import graft.admission.Catalog;
import graft.registry.catalog.AdapterDao;
import graft.registry.catalog.ShadowDao;
import graft.registry.tenant.Scope;
import graft.registry.tenant.TenantDao;
import java.util.List;

/** What shadowed candidates answered, for the adapter's owner alone; and who lets his requests be shadowed. */
final class ShadowsResource implements Resource {
    private final AdapterDao adapters;
    private final ShadowDao shadows;
    private final AdapterTenants tenants;
    private final TenantDao accounts;
    private final Catalog catalog;

    ShadowsResource(AdapterDao adapters, ShadowDao shadows, AdapterTenants tenants, TenantDao accounts,
            Catalog catalog) {
        this.adapters = adapters;
        this.shadows = shadows;
        this.tenants = tenants;
        this.accounts = accounts;
        this.catalog = catalog;
    }

    @Override
    public List<Route> routes() {
        String consent = "/admin/v1/tenants/{tenant_id}/shadow-consent";
        return List.of(
                Route.get("/admin/v1/adapters/{name}/aliases/{alias}/shadows", Scope.ADAPTERS, this::list),
                Route.get(consent, Scope.ADAPTERS, this::consent), Route.put(consent, Scope.ADAPTERS, this::allow));
    }

    /**
     * @param equal           whether both answers have the same tokens
     * @param firstDifference how many tokens are the same before the first that is not; null if equal
     */
    record ShadowBody(String object, String id, String alias, String requestId, String tenant, long createdAt,
            int version, int shadowVersion, boolean equal, Integer firstDifference, int answerTokens, int shadowTokens,
            long answerMicros, long shadowMicros, String answer, String shadowAnswer) {
        static ShadowBody of(ShadowDao.Stored stored) {
            ShadowDao.Comparison compared = stored.comparison();
            return new ShadowBody("adapter.shadow", String.valueOf(stored.id()), compared.alias(),
                    compared.requestId(), compared.askedBy(), stored.at().getEpochSecond(), compared.version(),
                    compared.shadowVersion(), compared.firstDifference().isEmpty(),
                    compared.firstDifference().orElse(null), compared.answerTokens(), compared.shadowTokens(),
                    compared.answerMicros(), compared.shadowMicros(), compared.answer(), compared.shadowAnswer());
        }
    }

    private void list(Exchange exchange) {
        String owner = tenants.owner(exchange);
        String name = exchange.path("name");
        adapters.find(owner, owner, name).orElseThrow(ApiException::notFound);
        int limit = exchange.queryInt("limit", 20, 1, 100);
        String after = exchange.query("after").orElse("");
        if (!after.matches("\\d{0,18}")) throw ApiException.invalid("after", "'after' must be an id of this list.");
        long before = after.isEmpty() ? Long.MAX_VALUE : Long.parseLong(after);
        exchange.ok(Page.of(shadows.list(owner, name, exchange.path("alias"), before, limit + 1).stream()
                .map(ShadowBody::of).toList(), limit, ShadowBody::id));
    }

    /** @param allowed whether owners of shared adapters may shadow this tenant's requests, and read both answers */
    record Consent(Boolean allowed) {}

    private void consent(Exchange exchange) {
        exchange.ok(new Consent(shadows.consents(tenant(exchange))));
    }

    private void allow(Exchange exchange) {
        String tenant = tenant(exchange);
        Consent asked = exchange.body(Consent.class);
        if (asked.allowed() == null) throw ApiException.invalid("allowed", "'allowed' must be true or false.");
        shadows.consent(tenant, asked.allowed(), exchange.caller().keyId());
        catalog.changed();
        exchange.ok(asked);
    }

    /** A tenant may speak for itself; for others the admin scope is needed, and without it they are as absent. */
    private String tenant(Exchange exchange) {
        Caller caller = exchange.caller();
        String asked = exchange.path("tenant_id");
        if (asked.equals(caller.tenantId())) return asked;
        if (!caller.isAdmin()) throw ApiException.notFound();
        return accounts.find(asked).orElseThrow(ApiException::notFound).id();
    }
}
