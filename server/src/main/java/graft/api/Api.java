package graft.api;

import graft.engine.InferenceEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Puts the resources together: the one list of what the server answers. */
public final class Api {
    private Api() {}

    /** The parts of the API; each brings resources of its own. */
    public record Parts(Health health, AccountsApi accounts, InferenceApi inference, AdaptersApi adapters,
            KnowledgeApi knowledge, List<InferenceEngine> engines, LiveApi live) {}

    /** @param bodyLimit largest JSON body, bytes */
    public static Routes routes(Parts parts, long bodyLimit) {
        List<Resource> resources = new ArrayList<>();
        resources.add(new ProbesResource(parts.health()));
        resources.add(new EngineResource(parts.engines()));
        resources.add(parts.live().resource(parts.engines(), parts.health()));
        resources.addAll(parts.inference().resources());
        resources.addAll(parts.knowledge().resources());
        resources.addAll(parts.adapters().resources());
        resources.addAll(parts.accounts().resources());
        return new Routes(resources, parts.accounts().authenticator(), Optional.of(parts.accounts().idempotency()),
                bodyLimit);
    }
}
