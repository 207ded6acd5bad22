package graft.registry.usage;

import graft.registry.Database;
import graft.registry.Ids;
import graft.registry.tenant.Limits;
import graft.registry.tenant.LimitsDao;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.jdbi.v3.core.Handle;

/**
 * Counts, decides and holds in one transaction, one request of a tenant at a time over all servers, so that no limit is
 * overshot. A tenant without limits costs one look-up and leaves no trace. Any thread may call; waits for the database.
 */
public final class AdmissionDao {
    /** Seconds over which requests and tokens a minute are counted, the present one included. */
    public static final int WINDOW = 60;
    private final Database database;
    private final Duration longestHold;

    /** @param longestHold after which a hold that nobody freed stops counting */
    public AdmissionDao(Database database, Duration longestHold) {
        this.database = database;
        this.longestHold = longestHold;
    }

    /** What became of a demand. */
    public sealed interface Outcome {
        Standing standing();

        /** The tenant has no limit on requests: nothing is held. */
        record Unlimited(Standing standing) implements Outcome {}

        /** @param holdId to be freed; settling the request in the ledger frees it too */
        record Held(String holdId, Standing standing) implements Outcome {}

        record Denied(Standing standing) implements Outcome {}
    }

    /** @param fits decides from where the tenant stands before this demand */
    public Outcome hold(Demand demand, Predicate<Standing> fits) {
        return database.asTenant(demand.tenantId(), handle -> {
            Limits limits = LimitsDao.of(handle, demand.tenantId());
            if (limits.admitEverything())
                return new Outcome.Unlimited(new Standing(limits, 0, 0, 0, 0, 0, List.of(), 0));
            // Held until this transaction ends: the tenant's admissions are decided one after the other.
            handle.execute("SELECT pg_advisory_xact_lock(hashtextextended('admission ' || ?, 0))", demand.tenantId());
            Standing before = standing(handle, demand.tenantId(), LimitsDao.of(handle, demand.tenantId()));
            if (!fits.test(before)) return new Outcome.Denied(before);
            String holdId = insert(handle, demand, before.second());
            return new Outcome.Held(holdId, new Standing(before.limits(), before.requests() + 1,
                    before.tokens() + demand.tokens(), before.parallel() + 1, before.spentMicros(),
                    before.heldMicros() + demand.micros(), before.minute(), before.second()));
        });
    }

    private Standing standing(Handle handle, String tenantId, Limits limits) {
        long second = handle.createQuery("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint")
                .mapTo(Long.class).one();
        List<Standing.Second> minute = handle.createQuery("""
                SELECT second, requests, tokens FROM admission_window
                WHERE tenant_id = :tenant AND second > :second - :window ORDER BY second
                """)
                .bind("tenant", tenantId).bind("second", second).bind("window", WINDOW)
                .map((row, context) -> new Standing.Second(row.getLong(1), row.getLong(2), row.getLong(3))).list();
        // One statement, so one snapshot: a request that is just being settled is either held or spent, never neither.
        return handle.createQuery("""
                SELECT count(h.id) AS parallel, coalesce(sum(h.micros), 0) AS held,
                    coalesce((SELECT CASE :period
                            WHEN 'day' THEN CASE WHEN a.day = (now() AT TIME ZONE 'UTC')::date
                                THEN a.day_micros ELSE 0 END
                            WHEN 'month' THEN CASE WHEN a.month = date_trunc('month', now() AT TIME ZONE 'UTC')::date
                                THEN a.month_micros ELSE 0 END
                            ELSE a.total_micros END
                        FROM tenant_account a WHERE a.tenant_id = :tenant), 0) AS spent
                FROM admission_hold h
                WHERE h.tenant_id = :tenant AND h.admitted_at > now() - :longest * interval '1 second'
                """)
                .bind("tenant", tenantId).bind("longest", longestHold.toSeconds())
                .bind("period", limits.budget().map(budget -> budget.period().word()).orElse("total"))
                .map((row, context) -> new Standing(limits,
                        minute.stream().mapToLong(Standing.Second::requests).sum(),
                        minute.stream().mapToLong(Standing.Second::tokens).sum(),
                        row.getLong("parallel"), row.getLong("spent"), row.getLong("held"), minute, second))
                .one();
    }

    private static String insert(Handle handle, Demand demand, long second) {
        handle.createUpdate("DELETE FROM admission_window WHERE tenant_id = :tenant AND second <= :second - :window")
                .bind("tenant", demand.tenantId()).bind("second", second).bind("window", WINDOW).execute();
        handle.createUpdate("""
                INSERT INTO admission_window AS w (tenant_id, second, requests, tokens)
                VALUES (:tenant, :second, 1, :tokens)
                ON CONFLICT (tenant_id, second) DO UPDATE SET requests = w.requests + 1,
                    tokens = w.tokens + excluded.tokens
                """)
                .bind("tenant", demand.tenantId()).bind("second", second).bind("tokens", demand.tokens()).execute();
        String holdId = Ids.next("hold_");
        handle.createUpdate("""
                INSERT INTO admission_hold (id, tenant_id, request_id, process_id, micros, tokens)
                VALUES (:id, :tenant, :request, :process, :micros, :tokens)
                """)
                .bind("id", holdId).bind("tenant", demand.tenantId()).bind("request", demand.requestId())
                .bind("process", demand.processId()).bind("micros", demand.micros()).bind("tokens", demand.tokens())
                .execute();
        return holdId;
    }

    /** Frees a hold; one that is already free stays so. */
    public void free(String tenantId, String holdId) {
        database.asTenant(tenantId, handle -> handle.createUpdate(
                "DELETE FROM admission_hold WHERE id = :id AND tenant_id = :tenant")
                .bind("id", holdId).bind("tenant", tenantId).execute());
    }
}
