package graft.api;

import graft.adapters.ServedBase;
import java.util.List;
import java.util.Optional;

/** The base models that adapters may be uploaded for. */
record ServedBases(List<ServedBase> all) {
    ServedBases {
        all = List.copyOf(all);
    }

    Optional<ServedBase> find(String id) {
        return all.stream().filter(base -> base.model().id().equals(id)).findFirst();
    }

    /** @throws ApiException 404 for a base that is not served, 400 where several are and none is named */
    ServedBase named(Optional<String> name) {
        if (name.isPresent()) return all.stream().filter(base -> base.model().id().equals(name.get())).findFirst()
                .orElseThrow(() -> ApiException.modelNotFound(name.get()));
        if (all.size() == 1) return all.getFirst();
        throw ApiException.invalid("base_model", "Say for which base model the adapter is: 'base_model' must be one of "
                + all.stream().map(base -> base.model().id()).toList() + ".");
    }
}
