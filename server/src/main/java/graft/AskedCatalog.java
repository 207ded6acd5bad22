package graft;

import graft.admission.Caller;
import graft.admission.CatalogView;
import graft.admission.ResolvedModel;
import graft.metering.Metrics;
import java.util.List;
import java.util.Optional;

/** Tells the metrics by which names adapters are asked for, which is what routers compare. Any thread may call. */
record AskedCatalog(CatalogView catalog, Metrics metrics) implements CatalogView {
    @Override
    public Optional<ResolvedModel> resolve(Caller caller, String model, Optional<String> sticky) {
        Optional<ResolvedModel> found = catalog.resolve(caller, model, sticky);
        found.flatMap(ResolvedModel::adapter).ifPresent(adapter -> metrics.asked(adapter.digest(), model));
        return found;
    }

    @Override
    public List<Listed> list(Caller caller) {
        return catalog.list(caller);
    }
}
