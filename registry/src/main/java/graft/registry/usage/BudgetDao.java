package graft.registry.usage;

import graft.registry.Database;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Where tenants stand in the budgets they have, for those who look; admission decides by its own reading. */
public final class BudgetDao {
    private final Database database;
    private final Duration longestHold;

    /** @param longestHold after which a hold that nobody freed stops counting, as in {@link AdmissionDao} */
    public BudgetDao(Database database, Duration longestHold) {
        this.database = database;
        this.longestHold = longestHold;
    }

    /**
     * @param period       {@code day}, {@code month} or {@code total}
     * @param spentMicros  settled in it
     * @param heldMicros   the worst case of what runs
     * @param alertPercent of the amount; none without an alert
     */
    public record Budget(String tenantId, String tenantName, long amountMicros, String period, long spentMicros,
            long heldMicros, Optional<Integer> alertPercent) {}

    /** @param tenantId whose; none for all that have a budget. Nearest to its end first. */
    public List<Budget> list(Optional<String> tenantId, int most) {
        return database.asOperator(handle -> handle.createQuery("""
                WITH clock AS (SELECT (now() AT TIME ZONE 'UTC')::date AS today),
                    held AS (SELECT tenant_id, sum(micros) AS micros FROM admission_hold
                        WHERE admitted_at > now() - :longest * interval '1 second' GROUP BY tenant_id),
                    budget AS (SELECT l.tenant_id, t.name, l.budget_micros, l.budget_period, l.budget_alert_percent,
                            coalesce(h.micros, 0) AS held, coalesce(CASE l.budget_period
                                WHEN 'day' THEN CASE WHEN a.day = clock.today THEN a.day_micros END
                                WHEN 'month' THEN CASE WHEN a.month = date_trunc('month', clock.today)::date
                                    THEN a.month_micros END
                                ELSE a.total_micros END, 0) AS spent
                        FROM clock CROSS JOIN tenant_limits l JOIN tenant t ON t.id = l.tenant_id
                            LEFT JOIN tenant_account a ON a.tenant_id = l.tenant_id
                            LEFT JOIN held h ON h.tenant_id = l.tenant_id
                        WHERE l.budget_micros IS NOT NULL AND t.deleted_at IS NULL
                            AND (:tenant::text IS NULL OR l.tenant_id = :tenant))
                SELECT * FROM budget
                ORDER BY (spent + held) / greatest(budget_micros, 1)::double precision DESC, tenant_id
                LIMIT :most
                """)
                .bind("longest", longestHold.toSeconds()).bind("tenant", tenantId.orElse(null)).bind("most", most)
                .map((row, context) -> new Budget(row.getString("tenant_id"), row.getString("name"),
                        row.getLong("budget_micros"), row.getString("budget_period"), row.getLong("spent"),
                        row.getLong("held"), Optional.ofNullable((Number) row.getObject("budget_alert_percent"))
                                .map(Number::intValue))).list());
    }
}
