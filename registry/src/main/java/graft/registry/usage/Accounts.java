package graft.registry.usage;

import java.time.LocalDate;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** What each tenant has spent today, this month and ever, moved in the transaction that settles. */
final class Accounts {
    private Accounts() {}

    private record Period(String tenantId, LocalDate day) {}

    /** Adds up the costs, always in the order of tenants: two servers that settle at once can't block each other. */
    static void spend(Handle handle, List<LedgerWrite.Settle> settles, Map<String, Long> costs) {
        Map<Period, Long> sums = new TreeMap<>(Comparator.comparing(Period::tenantId).thenComparing(Period::day));
        for (LedgerWrite.Settle settle : settles) {
            long cost = costs.get(settle.request().requestId());
            Period period = new Period(settle.request().tenantId(), settle.request().day());
            if (cost > 0) sums.merge(period, cost, Math::addExact);
        }
        if (sums.isEmpty()) return;
        PreparedBatch batch = handle.prepareBatch("""
                INSERT INTO tenant_account AS a (tenant_id, total_micros, month, month_micros, day, day_micros)
                VALUES (:tenant, :cost, :month, :cost, :day, :cost)
                ON CONFLICT (tenant_id) DO UPDATE SET
                    total_micros = a.total_micros + excluded.total_micros,
                    month_micros = CASE WHEN a.month = excluded.month THEN a.month_micros + excluded.month_micros
                        WHEN a.month < excluded.month THEN excluded.month_micros ELSE a.month_micros END,
                    month = greatest(a.month, excluded.month),
                    day_micros = CASE WHEN a.day = excluded.day THEN a.day_micros + excluded.day_micros
                        WHEN a.day < excluded.day THEN excluded.day_micros ELSE a.day_micros END,
                    day = greatest(a.day, excluded.day)
                """);
        sums.forEach((period, cost) -> batch.bind("tenant", period.tenantId()).bind("cost", cost)
                .bind("month", period.day().withDayOfMonth(1)).bind("day", period.day()).add());
        batch.execute();
    }
}
