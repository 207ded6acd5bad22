package graft.api;

import java.util.ArrayList;
import java.util.List;

/** Puts the resources together: the one list of what the server answers. */
public final class Api {
    private Api() {}

    /** @param bodyLimit largest JSON body, bytes */
    public static Routes routes(Health health, AccountsApi accounts, long bodyLimit) {
        List<Resource> resources = new ArrayList<>();
        resources.add(new ProbesResource(health));
        resources.addAll(accounts.resources());
        return new Routes(resources, accounts.authenticator(), bodyLimit);
    }
}
