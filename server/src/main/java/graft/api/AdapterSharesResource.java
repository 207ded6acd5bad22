package graft.api;

import graft.admission.Catalog;
import graft.registry.catalog.Adapter;
import graft.registry.catalog.AdapterDao;
import graft.registry.catalog.AdapterShareDao;
import graft.registry.tenant.Scope;
import graft.registry.tenant.TenantDao;
import java.util.ArrayList;
import java.util.List;

/** With whom adapters are shared: named tenants, or {@code all}. A revoked share stops the next request. */
final class AdapterSharesResource implements Resource {
    /** Stands for every tenant; no tenant's id can be this. */
    private static final String ALL = "all";
    private final AdapterDao adapters;
    private final AdapterShareDao shares;
    private final AdapterTenants tenants;
    private final TenantDao accounts;
    private final Catalog catalog;

    AdapterSharesResource(AdapterDao adapters, AdapterShareDao shares, AdapterTenants tenants, TenantDao accounts,
            Catalog catalog) {
        this.adapters = adapters;
        this.shares = shares;
        this.tenants = tenants;
        this.accounts = accounts;
        this.catalog = catalog;
    }

    @Override
    public List<Route> routes() {
        String all = "/admin/v1/adapters/{name}/shares";
        return List.of(Route.get(all, Scope.ADAPTERS, this::list),
                Route.put(all + "/{tenant_id}", Scope.ADAPTERS, this::grant),
                Route.delete(all + "/{tenant_id}", Scope.ADAPTERS, this::revoke));
    }

    /** {@code all} comes first. */
    private void list(Exchange exchange) {
        String owner = tenants.owner(exchange);
        String name = exchange.path("name");
        int limit = exchange.queryInt("limit", 20, 1, 100);
        String after = exchange.query("after").orElse("");
        Adapter adapter = adapters.find(owner, owner, name).orElseThrow(ApiException::notFound);
        List<AdapterBodies.ShareBody> found = new ArrayList<>();
        if (adapter.shared() && after.isEmpty()) found.add(AdapterBodies.ShareBody.all(name));
        shares.list(owner, name, after.equals(ALL) ? "" : after, limit + 1).orElseThrow(ApiException::notFound)
                .forEach(share -> found.add(AdapterBodies.ShareBody.of(name, share)));
        exchange.ok(Page.of(found, limit, AdapterBodies.ShareBody::tenant));
    }

    private void grant(Exchange exchange) {
        String owner = tenants.owner(exchange);
        String name = exchange.path("name");
        String guest = exchange.path("tenant_id");
        String by = exchange.caller().keyId();
        // First whether the adapter is there: nobody learns of tenants without one of his own.
        adapters.find(owner, owner, name).orElseThrow(ApiException::notFound);
        if (guest.equals(owner)) throw ApiException.invalid("tenant_id", "An adapter is its owner's anyway.");
        boolean done = guest.equals(ALL) ? shares.shareWithAll(owner, name, true, by)
                : shares.grant(owner, name, accounts.find(guest).orElseThrow(ApiException::notFound).id(), by);
        if (!done) throw ApiException.notFound();
        catalog.changed();
        exchange.ok(new AdapterBodies.ShareBody("adapter.share", name, guest, null, null));
    }

    private void revoke(Exchange exchange) {
        String owner = tenants.owner(exchange);
        String name = exchange.path("name");
        String guest = exchange.path("tenant_id");
        String by = exchange.caller().keyId();
        boolean done = guest.equals(ALL) ? shares.shareWithAll(owner, name, false, by)
                : shares.revoke(owner, name, guest, by);
        if (!done) throw ApiException.notFound();
        catalog.changed();
        exchange.ok(new AdapterBodies.Deleted("adapter.share.deleted", name + "/" + guest, true));
    }
}
