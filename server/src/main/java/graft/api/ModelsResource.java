package graft.api;

import graft.admission.CatalogView;
import graft.admission.ResolvedModel;
import graft.registry.tenant.Scope;
import java.util.List;
import java.util.Optional;

/** GET /v1/models and /v1/models/{model}: what the caller may use. */
final class ModelsResource implements Resource {
    private final CatalogView catalog;

    ModelsResource(CatalogView catalog) {
        this.catalog = catalog;
    }

    record ModelList(String object, List<Model> data) {}

    record Model(String id, String object, long created, String ownedBy, Details graft) {}

    /** @param version null for a base */
    record Details(String kind, String base, Integer version, String digest) {}

    @Override
    public List<Route> routes() {
        return List.of(Route.get("/v1/models", Scope.INFERENCE, this::list),
                Route.get("/v1/models/{+model}", Scope.INFERENCE, this::get));
    }

    private void list(Exchange exchange) {
        exchange.ok(new ModelList("list", catalog.list(exchange.caller()).stream().map(ModelsResource::wire).toList()));
    }

    private void get(Exchange exchange) {
        String name = exchange.path("model");
        List<CatalogView.Listed> all = catalog.list(exchange.caller());
        Optional<CatalogView.Listed> listed = all.stream().filter(one -> one.id().equals(name)).findFirst();
        exchange.ok(listed.map(ModelsResource::wire).orElseGet(() -> unlisted(exchange, name, all)));
    }

    /** A pinned version ({@code adapter@2}) is not in the list, but it can be named. */
    private Model unlisted(Exchange exchange, String name, List<CatalogView.Listed> all) {
        ResolvedModel model = catalog.resolve(exchange.caller(), name, Optional.empty())
                .orElseThrow(() -> ApiException.modelNotFound(name));
        ResolvedModel.Adapter adapter = model.adapter().orElseThrow(() -> ApiException.modelNotFound(name));
        Optional<CatalogView.Listed> family = all.stream().filter(one -> one.kind().equals("adapter")
                && name.startsWith(one.id() + "@")).findFirst();
        return new Model(name, "model", family.map(CatalogView.Listed::created).orElse(0L),
                family.map(CatalogView.Listed::ownedBy).orElse(adapter.ownerTenantId()),
                new Details("adapter", model.baseId(), adapter.version(), adapter.digest()));
    }

    private static Model wire(CatalogView.Listed one) {
        return new Model(one.id(), "model", one.created(), one.ownedBy(),
                new Details(one.kind(), one.base(), one.version().orElse(null), one.digest()));
    }
}
