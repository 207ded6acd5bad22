package graft.registry.costs;

import graft.registry.Database;
import java.time.LocalDate;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * The ledger's days: partitions made ahead, closed days rolled up, old ones taken out. Everything may be repeated, and
 * by several servers at once. Any thread may call; waits for the database.
 */
public final class LedgerDaysDao {
    private final Database database;

    public LedgerDaysDao(Database database) {
        this.database = database;
    }

    /** @return how many partitions were made */
    public int prepare(LocalDate from, LocalDate to) {
        return database.asOperator(handle -> handle.createQuery("SELECT ensure_usage_partitions(:from, :to)")
                .bind("from", from).bind("to", to).mapTo(Integer.class).one());
    }

    /** Days before this one that hold rows, are not rolled up and have no request open, oldest first. */
    public List<LocalDate> closed(LocalDate before, int most) {
        return database.asOperator(handle -> handle.createQuery("""
                WITH RECURSIVE days AS (
                    (SELECT min(day) AS day FROM usage_event WHERE day < :before)
                    UNION ALL
                    SELECT (SELECT min(e.day) FROM usage_event e WHERE e.day > days.day AND e.day < :before)
                    FROM days WHERE days.day IS NOT NULL)
                SELECT day FROM days WHERE day IS NOT NULL
                    AND NOT EXISTS (SELECT FROM usage_rollup r WHERE r.day = days.day)
                    AND NOT EXISTS (SELECT FROM usage_request q WHERE q.day = days.day AND q.state = 'open')
                ORDER BY day LIMIT :most
                """).bind("before", before).bind("most", most).mapTo(LocalDate.class).list());
    }

    /**
     * Sums a closed day up by hour, as a whole; again gives the same.
     *
     * @return false if the day is detached: then its sums are all there is of it
     */
    public boolean rollUp(LocalDate day) {
        return database.asOperator(handle -> {
            handle.execute("SELECT pg_advisory_xact_lock(hashtextextended('usage rollup', 0))");
            if (isDetached(handle, day)) return false;
            handle.createUpdate("DELETE FROM usage_hour WHERE day = :day").bind("day", day).execute();
            handle.createUpdate("""
                    INSERT INTO usage_hour (day, hour, tenant_id, key_id, operation, base_id, adapter_name,
                        adapter_version, component, price_revision, quantity, cost_micros, requests)
                    SELECT day, date_trunc('hour', at, 'UTC'), tenant_id, key_id, operation, base_id, adapter_name,
                        adapter_version, component, price_revision, sum(quantity), sum(cost_micros),
                        count(*) FILTER (WHERE place = 1)
                    FROM (SELECT e.*, row_number() OVER (PARTITION BY request_id,
                                CASE WHEN component IN ('prefill', 'cached_prefill', 'decode') THEN 'completion'
                                    WHEN component IN ('embed_query', 'embed_index') THEN 'embedding'
                                    ELSE component END
                            ORDER BY array_position(ARRAY['prefill', 'cached_prefill', 'decode'], component),
                                component) AS place
                        FROM usage_event e WHERE day = :day) AS lines
                    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
                    """).bind("day", day).execute();
            handle.createUpdate("""
                    INSERT INTO usage_rollup (day) VALUES (:day) ON CONFLICT (day) DO UPDATE SET rolled_at = now()
                    """).bind("day", day).execute();
            return true;
        });
    }

    private static boolean isDetached(Handle handle, LocalDate day) {
        return handle.createQuery("SELECT detached FROM usage_rollup WHERE day = :day").bind("day", day)
                .mapTo(Boolean.class).findOne().orElse(false);
    }

    /** Rolled-up days before this one whose partitions are still in the ledger. */
    public List<LocalDate> attached(LocalDate before) {
        return database.asOperator(handle -> handle.createQuery(
                "SELECT day FROM usage_rollup WHERE day < :before AND NOT detached ORDER BY day").bind("before", before)
                .mapTo(LocalDate.class).list());
    }

    /** Takes a rolled-up day's partitions out; they stay as tables of their own. */
    public boolean detach(LocalDate day) {
        return database.asOperator(handle -> handle.createQuery("SELECT detach_usage_day(:day)").bind("day", day)
                .mapTo(Boolean.class).one());
    }
}
