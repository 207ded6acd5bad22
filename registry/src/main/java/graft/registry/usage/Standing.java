package graft.registry.usage;

import graft.registry.tenant.Limits;
import java.util.List;

/**
 * Where a tenant stood, in the transaction that decided.
 *
 * @param limits      that were in force
 * @param requests    admitted in the last minute, this one included if it was admitted
 * @param tokens      of them
 * @param parallel    requests held
 * @param spentMicros settled in the budget's period
 * @param heldMicros  worst cases not settled
 * @param minute      the seconds behind requests and tokens, oldest first
 * @param second      the database's clock, seconds since 1970
 */
public record Standing(Limits limits, long requests, long tokens, long parallel, long spentMicros, long heldMicros,
        List<Second> minute, long second) {
    public Standing {
        minute = List.copyOf(minute);
    }

    /** @param at seconds since 1970 */
    public record Second(long at, long requests, long tokens) {}
}
