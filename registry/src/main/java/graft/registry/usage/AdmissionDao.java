package graft.registry.usage;

import graft.registry.Database;
import graft.registry.Ids;
import graft.registry.tenant.AuditDao;
import graft.registry.tenant.Limits;
import graft.registry.tenant.LimitsDao;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
            if (limits.admitEverything()) return new Outcome.Unlimited(Standing.of(limits));
            Standing before = lockedStanding(handle, demand.tenantId());
            if (!fits.test(before)) return new Outcome.Denied(before);
            String holdId = insert(handle, demand, before.second());
            alert(handle, demand.tenantId(), before);
            return new Outcome.Held(holdId, before.with(1, demand.tokens(), demand.micros()));
        });
    }

    /**
     * Changes what a hold holds, once more is known of its request. Less always fits; more is decided as a demand is.
     *
     * @param fits decides from where the tenant stands without this hold
     */
    public Outcome correct(String holdId, Demand held, Demand demand, Predicate<Standing> fits) {
        return database.asTenant(demand.tenantId(), handle -> {
            Standing standing = lockedStanding(handle, demand.tenantId());
            boolean less = demand.tokens() <= held.tokens() && demand.micros() <= held.micros();
            if (!less && !fits.test(standing.with(-1, -held.tokens(), -held.micros())))
                return new Outcome.Denied(standing);
            Holds.change(handle, holdId, demand);
            return new Outcome.Held(holdId, standing.with(0, demand.tokens() - held.tokens(),
                    demand.micros() - held.micros()));
        });
    }

    /** Frees a hold; one that is already free stays so. */
    public void free(String tenantId, String holdId) {
        database.asTenant(tenantId, handle -> {
            Holds.free(handle, tenantId, holdId);
            return true;
        });
    }

    /** Until the transaction ends no other admission of this tenant is decided. */
    private Standing lockedStanding(Handle handle, String tenantId) {
        handle.execute("SELECT pg_advisory_xact_lock(hashtextextended('admission ' || ?, 0))", tenantId);
        // One statement, so one snapshot: a request that is just being settled is either held or spent, never neither.
        return handle.createQuery("""
                WITH clock AS MATERIALIZED (SELECT floor(extract(epoch FROM clock_timestamp()))::bigint AS second,
                        (now() AT TIME ZONE 'UTC')::date AS today),
                    minute AS (SELECT coalesce(array_agg(w.second ORDER BY w.second), '{}') AS seconds,
                            coalesce(array_agg(w.requests ORDER BY w.second), '{}') AS requests,
                            coalesce(array_agg(w.tokens ORDER BY w.second), '{}') AS tokens
                        FROM admission_window w, clock
                        WHERE w.tenant_id = :tenant AND w.second > clock.second - :window),
                    held AS (SELECT count(*) AS parallel, coalesce(sum(h.micros), 0) AS micros FROM admission_hold h
                        WHERE h.tenant_id = :tenant AND h.admitted_at > now() - :longest * interval '1 second')
                SELECT l.*, clock.second, minute.seconds, minute.requests, minute.tokens, held.parallel,
                    held.micros AS held, coalesce(CASE l.budget_period
                        WHEN 'day' THEN CASE WHEN a.day = clock.today THEN a.day_micros END
                        WHEN 'month' THEN CASE WHEN a.month = date_trunc('month', clock.today)::date
                            THEN a.month_micros END
                        ELSE a.total_micros END, 0) AS spent,
                    EXISTS (SELECT FROM budget_alert b WHERE b.tenant_id = :tenant AND b.period = l.budget_period
                        AND b.since = CASE l.budget_period WHEN 'day' THEN clock.today
                            WHEN 'month' THEN date_trunc('month', clock.today)::date ELSE date '1970-01-01' END)
                        AS alerted, pg_current_snapshot()::text AS snapshot
                FROM clock CROSS JOIN minute CROSS JOIN held
                    LEFT JOIN tenant_limits l ON l.tenant_id = :tenant
                    LEFT JOIN tenant_account a ON a.tenant_id = :tenant
                """)
                .bind("tenant", tenantId).bind("window", WINDOW).bind("longest", longestHold.toSeconds())
                .map((row, context) -> standing(row)).one();
    }

    private static Standing standing(ResultSet row) throws SQLException {
        Long[] seconds = (Long[]) row.getArray("seconds").getArray();
        Long[] requests = (Long[]) row.getArray("requests").getArray();
        Long[] tokens = (Long[]) row.getArray("tokens").getArray();
        List<Standing.Second> minute = new ArrayList<>();
        for (int i = 0; i < seconds.length; i++)
            minute.add(new Standing.Second(seconds[i], requests[i], tokens[i]));
        return new Standing(Limits.from(row),
                minute.stream().mapToLong(Standing.Second::requests).sum(),
                minute.stream().mapToLong(Standing.Second::tokens).sum(), row.getLong("parallel"),
                row.getLong("spent"), row.getLong("held"), row.getBoolean("alerted"), minute, row.getLong("second"),
                row.getString("snapshot"));
    }

    /** What is older than two minutes goes: settling still corrects what is younger than one. */
    private static String insert(Handle handle, Demand demand, long second) {
        String holdId = Ids.next("hold_");
        handle.createUpdate("""
                WITH old AS (DELETE FROM admission_window
                    WHERE tenant_id = :tenant AND second <= :second - 2 * :window),
                counted AS (INSERT INTO admission_window AS w (tenant_id, second, requests, tokens)
                    VALUES (:tenant, :second, 1, :tokens)
                    ON CONFLICT (tenant_id, second) DO UPDATE SET requests = w.requests + 1,
                        tokens = w.tokens + excluded.tokens)
                INSERT INTO admission_hold (id, tenant_id, request_id, process_id, micros, tokens, second)
                VALUES (:id, :tenant, :request, :process, :micros, :tokens, :second)
                """)
                .bind("id", holdId).bind("tenant", demand.tenantId()).bind("request", demand.requestId())
                .bind("process", demand.processId()).bind("micros", demand.micros()).bind("tokens", demand.tokens())
                .bind("second", second).bind("window", WINDOW).execute();
        return holdId;
    }

    /** The first request after a budget's alert was passed says so in the audit log, once a period. */
    private static void alert(Handle handle, String tenantId, Standing before) {
        if (!before.alerts() || before.alerted()) return;
        Limits.Budget budget = before.limits().budget().orElseThrow();
        int told = handle.createUpdate("""
                INSERT INTO budget_alert (tenant_id, period, since)
                SELECT :tenant, :period, CASE :period WHEN 'day' THEN today
                    WHEN 'month' THEN date_trunc('month', today)::date ELSE date '1970-01-01' END
                FROM (SELECT (now() AT TIME ZONE 'UTC')::date AS today) AS clock
                ON CONFLICT DO NOTHING
                """).bind("tenant", tenantId).bind("period", budget.period().word()).execute();
        if (told == 1) AuditDao.record(handle, "server", tenantId, "budget.alert", tenantId,
                Map.of("period", budget.period().word(), "amount_micros", budget.amountMicros(), "spent_micros",
                        before.spentMicros(), "alert_percent", budget.alertPercent().getAsInt()));
    }
}
