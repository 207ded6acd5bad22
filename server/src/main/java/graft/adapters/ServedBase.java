package graft.adapters;

import graft.engine.BaseModel;
import java.util.Objects;
import java.util.Optional;

/**
 * A base model as uploads meet it.
 *
 * @param proof against its shapes
 * @param probe against its engine; none where an upload shall not wait for it
 */
public record ServedBase(BaseModel model, AdapterProof proof, Optional<AdapterProbe> probe) {
    public ServedBase {
        Objects.requireNonNull(model);
        Objects.requireNonNull(proof);
        Objects.requireNonNull(probe);
    }
}
