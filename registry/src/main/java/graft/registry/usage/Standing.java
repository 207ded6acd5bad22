package graft.registry.usage;

import graft.registry.tenant.Limits;
import java.util.List;

/**
 * Where a tenant stood, in the transaction that decided.
 *
 * @param limits      that were in force
 * @param requests    admitted in the last minute, this one included if it was admitted
 * @param tokens      of them: reserved while they run, used once they are settled
 * @param parallel    requests held
 * @param spentMicros settled in the budget's period
 * @param heldMicros  worst cases not settled
 * @param alerted     whether the audit log has been told that the budget's alert was passed
 * @param minute      the seconds behind requests and tokens, oldest first
 * @param second      the database's clock, seconds since 1970
 * @param snapshot    which transactions were seen (PostgreSQL's pg_snapshot), to be able to prove a refusal
 */
public record Standing(Limits limits, long requests, long tokens, long parallel, long spentMicros, long heldMicros,
        boolean alerted, List<Second> minute, long second, String snapshot) {
    public Standing {
        minute = List.copyOf(minute);
    }

    /** @param at seconds since 1970 */
    public record Second(long at, long requests, long tokens) {}

    /** Of a tenant that nothing is counted of. */
    static Standing of(Limits limits) {
        return new Standing(limits, 0, 0, 0, 0, 0, false, List.of(), 0, "");
    }

    /** With a request more, or less by negative figures. */
    Standing with(int requests, long tokens, long micros) {
        return new Standing(limits, this.requests + requests, this.tokens + tokens, parallel + requests, spentMicros,
                heldMicros + micros, alerted, minute, second, snapshot);
    }

    /** What is spent has reached the budget's alert. */
    public boolean alerts() {
        return limits.budget().map(budget -> budget.alerts(spentMicros)).orElse(false);
    }
}
