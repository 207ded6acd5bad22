package graft.registry.costs;

import graft.registry.Database;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Whose an engine's wall clock was. Each checkpoint adds what passed since the last one, all accounts and the run's
 * wall clock in one transaction: so the accounts of a run always add up to it. Any thread may call; waits for the
 * database.
 */
public final class EngineTimeDao {
    private final Database database;

    public EngineTimeDao(Database database) {
        this.database = database;
    }

    /** One engine of one process. */
    public record Run(String processId, String baseId, String device, Instant startedAt) {}

    /**
     * What passed since the last checkpoint, in microseconds.
     *
     * @param tenants by tenant
     * @param idle    nothing to do
     * @param other   work that is no tenant's in particular: loading, a step that failed
     */
    public record Passed(Map<String, Long> tenants, long idle, long other) {
        public Passed {
            tenants = Map.copyOf(tenants);
        }

        long wall() {
            return tenants.values().stream().mapToLong(Long::longValue).sum() + idle + other;
        }
    }

    /** Up to where a run was written; none before its first checkpoint. */
    public OptionalLong wall(Run run) {
        return database.asOperator(handle -> wall(handle, run));
    }

    private static OptionalLong wall(Handle handle, Run run) {
        return handle.createQuery("SELECT wall_micros FROM engine_run WHERE process_id = :process AND base_id = :base")
                .bind("process", run.processId()).bind("base", run.baseId()).mapTo(Long.class).findOne()
                .map(OptionalLong::of).orElse(OptionalLong.empty());
    }

    /**
     * @param before the wall clock that this adds to
     * @return false if the run stands elsewhere: a checkpoint was committed though its writer never heard of it
     */
    public boolean add(Run run, long before, Passed passed, Instant at) {
        return database.asOperator(handle -> {
            handle.createUpdate("""
                    INSERT INTO engine_run (process_id, base_id, device, started_at, checkpoint_at, wall_micros)
                    VALUES (:process, :base, :device, :started, :at, 0) ON CONFLICT DO NOTHING
                    """)
                    .bind("process", run.processId()).bind("base", run.baseId()).bind("device", run.device())
                    .bind("started", run.startedAt().atOffset(ZoneOffset.UTC)).bind("at", at.atOffset(ZoneOffset.UTC))
                    .execute();
            int moved = handle.createUpdate("""
                    UPDATE engine_run SET wall_micros = wall_micros + :passed, checkpoint_at = :at
                    WHERE process_id = :process AND base_id = :base AND wall_micros = :before
                    """)
                    .bind("process", run.processId()).bind("base", run.baseId()).bind("before", before)
                    .bind("passed", passed.wall()).bind("at", at.atOffset(ZoneOffset.UTC)).execute();
            if (moved == 0) return false;
            PreparedBatch batch = handle.prepareBatch("""
                    INSERT INTO engine_time AS t (process_id, base_id, hour, account, tenant_id, micros)
                    VALUES (:process, :base, date_trunc('hour', :at, 'UTC'), :account, :tenant, :micros)
                    ON CONFLICT (process_id, base_id, hour, account, tenant_id)
                    DO UPDATE SET micros = t.micros + excluded.micros
                    """);
            passed.tenants().forEach((tenant, micros) -> add(batch, run, at, "tenant", tenant, micros));
            add(batch, run, at, "idle", "", passed.idle());
            add(batch, run, at, "other", "", passed.other());
            batch.execute();
            return true;
        });
    }

    private static void add(PreparedBatch batch, Run run, Instant at, String account, String tenant, long micros) {
        batch.bind("process", run.processId()).bind("base", run.baseId()).bind("at", at.atOffset(ZoneOffset.UTC))
                .bind("account", account).bind("tenant", tenant).bind("micros", micros).add();
    }

    /** @param account {@code tenant}, {@code idle} or {@code other} */
    public record Sum(String account, String tenantId, String baseId, String device, long micros) {}

    /** Whole hours from and to; the operator's. */
    public List<Sum> sums(Instant from, Instant to) {
        return database.asOperator(handle -> sums(handle, from, to));
    }

    static List<Sum> sums(Handle handle, Instant from, Instant to) {
        return handle.createQuery("""
                SELECT t.account, t.tenant_id, t.base_id, r.device, sum(t.micros)::bigint AS micros
                FROM engine_time t JOIN engine_run r USING (process_id, base_id)
                WHERE t.hour >= :from AND t.hour < :to
                GROUP BY t.account, t.tenant_id, t.base_id, r.device ORDER BY 1, 2, 3, 4
                """)
                .bind("from", from.atOffset(ZoneOffset.UTC)).bind("to", to.atOffset(ZoneOffset.UTC))
                .map((row, context) -> new Sum(row.getString("account"), row.getString("tenant_id"),
                        row.getString("base_id"), row.getString("device"), row.getLong("micros"))).list();
    }
}
