package graft.api;

import graft.admission.Caller;
import graft.registry.catalog.Adapter;
import graft.registry.catalog.AdapterDao;
import graft.registry.tenant.TenantDao;
import java.util.Optional;

/** Whose adapters a request is about: the caller's, or those of the tenant that an operator names. */
final class AdapterTenants {
    private final AdapterDao adapters;
    private final TenantDao tenants;

    AdapterTenants(AdapterDao adapters, TenantDao tenants) {
        this.adapters = adapters;
        this.tenants = tenants;
    }

    /** Whose adapters may be changed. */
    String owner(Exchange exchange) {
        return owner(exchange.caller(), exchange.query("tenant"));
    }

    /** @throws ApiException 403 for another tenant's without the admin scope, 404 for a tenant that is not there */
    String owner(Caller caller, Optional<String> named) {
        if (named.isEmpty() || named.get().equals(caller.tenantId())) return caller.tenantId();
        if (!caller.isAdmin()) throw ApiException.insufficientScope("admin");
        return tenants.find(named.get()).orElseThrow(ApiException::notFound).id();
    }

    /** An adapter as somebody may see it. */
    record Seen(String viewer, Adapter adapter) {}

    /**
     * The adapter of the path: one's own or a shared one. {@code tenant} names the owner of a shared namesake; for an
     * operator it names the tenant to look as.
     */
    Seen visible(Exchange exchange) {
        String name = exchange.path("name");
        Caller caller = exchange.caller();
        Optional<String> named = exchange.query("tenant");
        if (named.isPresent() && !caller.isAdmin()) {
            return new Seen(caller.tenantId(), adapters.find(caller.tenantId(), named.get(), name)
                    .orElseThrow(ApiException::notFound));
        }
        String viewer = owner(caller, named);
        return new Seen(viewer, adapters.find(viewer, name).orElseThrow(ApiException::notFound));
    }
}
