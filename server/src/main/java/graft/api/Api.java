package graft.api;

import java.util.List;

/** Puts the resources together: the one list of what the server answers. */
public final class Api {
    private Api() {}

    /** @param bodyLimit largest JSON body, bytes */
    public static Routes routes(Health health, long bodyLimit) {
        return new Routes(List.of(new ProbesResource(health)), request -> {
            throw ApiException.invalidApiKey();
        }, bodyLimit);
    }
}
