package graft.api;

import graft.admission.Caller;
import io.helidon.webserver.http.ServerRequest;

/** Proves who is asking from a request's headers. */
@FunctionalInterface
interface Authenticator {
    /** @throws ApiException 401 for a missing, unknown or expired key, 429 for an address that keeps guessing */
    Caller authenticate(ServerRequest request);
}
