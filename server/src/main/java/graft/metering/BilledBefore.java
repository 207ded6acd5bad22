package graft.metering;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Requests that repeat, under their Idempotency-Key, one whose answer was billed by a server that died before it kept
 * the reply. Their rows are opened at no price, so that the answer is paid for once. Any thread may call.
 */
public final class BilledBefore {
    private final Set<String> requests = ConcurrentHashMap.newKeySet();

    /** Before the request's row is opened. */
    public void begin(String requestId) {
        requests.add(requestId);
    }

    public void end(String requestId) {
        requests.remove(requestId);
    }

    boolean holds(String requestId) {
        return requests.contains(requestId);
    }
}
