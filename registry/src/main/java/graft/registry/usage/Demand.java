package graft.registry.usage;

import java.util.Objects;

/**
 * What one request asks of its tenant's limits at worst.
 *
 * @param tokens of all choices
 * @param micros by the price book
 */
public record Demand(String tenantId, String requestId, String processId, long tokens, long micros) {
    public Demand {
        Objects.requireNonNull(tenantId);
        Objects.requireNonNull(requestId);
        Objects.requireNonNull(processId);
        if (tokens < 0 || micros < 0) throw new IllegalArgumentException("tokens " + tokens + ", micros " + micros);
    }
}
