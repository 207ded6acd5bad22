package graft.registry.usage;

import graft.registry.Database;
import graft.registry.Ids;
import graft.registry.tenant.AuditDao;
import graft.registry.tenant.Limits;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jdbi.v3.core.Handle;

/**
 * Counts, decides and holds in one statement, one request of a tenant at a time over all servers, so that no limit is
 * overshot. A tenant without limits costs one look-up and leaves no trace. Any thread may call; waits for the database.
 */
public final class AdmissionDao {
    private static final System.Logger LOG = System.getLogger(AdmissionDao.class.getName());
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

    /** Holds what the demand may cost if it fits the tenant's limits. One statement: {@code hold_admission}. */
    public Outcome hold(Demand demand) {
        String holdId = Ids.next("hold_");
        Outcome outcome = database.atOnce(handle -> handle.createQuery("""
                SELECT h.outcome, (h.state).* FROM hold_admission(:tenant, :id, :request, :process, :tokens, :micros,
                    :window, :longest) h
                """)
                .bind("id", holdId).bind("tenant", demand.tenantId()).bind("request", demand.requestId())
                .bind("process", demand.processId()).bind("micros", demand.micros()).bind("tokens", demand.tokens())
                .bind("window", (long) WINDOW).bind("longest", longestHold.toSeconds())
                .map((row, context) -> outcome(row, holdId, demand)).one());
        if (outcome instanceof Outcome.Held && outcome.standing().alerts() && !outcome.standing().alerted())
            tellAlert(demand.tenantId(), outcome.standing());
        return outcome;
    }

    private static Outcome outcome(ResultSet row, String holdId, Demand demand) throws SQLException {
        return switch (row.getString("outcome")) {
            case "unlimited" -> new Outcome.Unlimited(Standing.of(Limits.from(row)));
            case "denied" -> new Outcome.Denied(standing(row));
            default -> new Outcome.Held(holdId, standing(row).with(1, demand.tokens(), demand.micros()));
        };
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
        return handle.createQuery("SELECT * FROM admission_standing(:tenant, :window, :longest)")
                .bind("tenant", tenantId).bind("window", (long) WINDOW).bind("longest", longestHold.toSeconds())
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

    /** The first request after a budget's alert was passed says so in the audit log, once a period. */
    private void tellAlert(String tenantId, Standing before) {
        try {
            database.asTenant(tenantId, handle -> {
                alert(handle, tenantId, before);
                return true;
            });
        } catch (RuntimeException e) {
            // The request is admitted all the same; the next one tells it.
            LOG.log(System.Logger.Level.WARNING, "tenant=" + tenantId + " budget alert not told", e);
        }
    }

    private static void alert(Handle handle, String tenantId, Standing before) {
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
