package graft.api;

import graft.adapters.AdapterNorms;
import graft.api.AdapterTenants.Seen;
import graft.registry.catalog.AdapterVersion;
import graft.registry.catalog.AdapterVersionDao;
import graft.registry.tenant.Scope;
import java.util.List;

/** How much a version changes each module of its base model. */
final class AdapterNormsResource implements Resource {
    private final AdapterVersionDao versions;
    private final AdapterTenants tenants;
    private final ServedBases bases;
    private final AdapterNorms norms;

    AdapterNormsResource(AdapterVersionDao versions, AdapterTenants tenants, ServedBases bases, AdapterNorms norms) {
        this.versions = versions;
        this.tenants = tenants;
        this.bases = bases;
        this.norms = norms;
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.get("/admin/v1/adapters/{name}/versions/{version}/norms", Scope.ADAPTERS, this::get));
    }

    /** @param norm of scale * B A (Frobenius); @param layer -1 outside the layers */
    record Norm(String path, int layer, String kind, double norm) {}

    record Norms(String object, String adapter, int version, List<Norm> data) {}

    private void get(Exchange exchange) {
        Seen seen = tenants.visible(exchange);
        AdapterVersion version = versions.find(seen.viewer(), seen.adapter().tenantId(), seen.adapter().name(),
                AdaptersResource.number(exchange)).orElseThrow(ApiException::notFound);
        List<AdapterNorms.Norm> found = bases.find(seen.adapter().base()).flatMap(base ->
                norms.of(version.tenantId(), version.digest(), base.proof())).orElseThrow(() -> ApiException.conflict(
                "The base model " + seen.adapter().base() + " is not served now, so its adapters can't be read."));
        exchange.ok(new Norms("adapter.norms", version.adapter(), version.version(), found.stream().map(norm ->
                new Norm(norm.path(), norm.layer(), norm.kind(), norm.norm())).toList()));
    }
}
