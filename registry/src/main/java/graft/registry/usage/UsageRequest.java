package graft.registry.usage;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Objects;

/**
 * The header of a request in the ledger.
 *
 * @param adapterName   empty for the base itself
 * @param processId     which server runs it, so that another can settle what a dead one left open
 * @param priceRevision the prices of the moment it was opened
 */
public record UsageRequest(String requestId, String tenantId, String keyId, String operation, String baseId,
        String adapterName, int adapterVersion, String processId, long priceRevision, Instant openedAt) {
    public UsageRequest {
        Objects.requireNonNull(requestId);
        Objects.requireNonNull(tenantId);
        Objects.requireNonNull(keyId);
        Objects.requireNonNull(operation);
        Objects.requireNonNull(baseId);
        Objects.requireNonNull(adapterName);
        Objects.requireNonNull(processId);
        Objects.requireNonNull(openedAt);
    }

    /** In UTC: the partition its rows are in, and the day its cost counts for. */
    public LocalDate day() {
        return openedAt.atZone(ZoneOffset.UTC).toLocalDate();
    }
}
