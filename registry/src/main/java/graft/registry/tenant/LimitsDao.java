package graft.registry.tenant;

import graft.registry.Database;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;

/** Limits: set by the operator, read by their tenant. Any thread may call; every method waits for the database. */
public final class LimitsDao {
    private final Database database;

    public LimitsDao(Database database) {
        this.database = database;
    }

    /** {@link Limits#NONE} if none were set. */
    public Limits of(String tenantId) {
        return database.asTenant(tenantId, handle -> of(handle, tenantId));
    }

    /** The same inside a transaction that admits something. */
    public static Limits of(Handle handle, String tenantId) {
        return handle.createQuery("SELECT * FROM tenant_limits WHERE tenant_id = :tenant").bind("tenant", tenantId)
                .map((row, context) -> Limits.from(row)).findOne().orElse(Limits.NONE);
    }

    /** Replaces all limits of a tenant; running requests keep what they were admitted with. */
    public void put(String actor, String tenantId, Limits limits) {
        database.asOperator(handle -> {
            handle.createUpdate("""
                    INSERT INTO tenant_limits (tenant_id, requests_per_minute, tokens_per_minute,
                        max_parallel_requests, storage_bytes, max_adapters, budget_micros, budget_period,
                        budget_alert_percent)
                    VALUES (:tenant, :requests, :tokens, :parallel, :storage, :adapters, :budget, :period, :alert)
                    ON CONFLICT (tenant_id) DO UPDATE SET
                        requests_per_minute = excluded.requests_per_minute,
                        tokens_per_minute = excluded.tokens_per_minute,
                        max_parallel_requests = excluded.max_parallel_requests,
                        storage_bytes = excluded.storage_bytes, max_adapters = excluded.max_adapters,
                        budget_micros = excluded.budget_micros, budget_period = excluded.budget_period,
                        budget_alert_percent = excluded.budget_alert_percent,
                        updated_at = now()
                    """)
                    .bind("tenant", tenantId).bind("requests", boxed(limits.requestsPerMinute()))
                    .bind("tokens", boxed(limits.tokensPerMinute()))
                    .bind("parallel", boxed(limits.maxParallelRequests()))
                    .bind("storage", boxed(limits.storageBytes())).bind("adapters", boxed(limits.maxAdapters()))
                    .bind("budget", limits.budget().map(Limits.Budget::amountMicros).orElse(null))
                    .bind("period", limits.budget().map(budget -> budget.period().word()).orElse(null))
                    .bind("alert", limits.budget().map(budget -> budget.alertPercent().isPresent()
                            ? Integer.valueOf(budget.alertPercent().getAsInt()) : null).orElse(null))
                    .execute();
            // What is set anew may alert anew.
            handle.createUpdate("DELETE FROM budget_alert WHERE tenant_id = :tenant").bind("tenant", tenantId)
                    .execute();
            AuditDao.record(handle, actor, tenantId, "limits.set", tenantId, Map.of("limits", limits.toString()));
            return true;
        });
    }

    private static Long boxed(OptionalLong limit) {
        return limit.isPresent() ? Long.valueOf(limit.getAsLong()) : null;
    }

    /** Limits of the tenant as the operator reads them. */
    public Optional<Limits> find(String tenantId) {
        return database.asOperator(handle -> handle.createQuery(
                "SELECT l.* FROM tenant t LEFT JOIN tenant_limits l ON l.tenant_id = t.id "
                        + "WHERE t.id = :tenant AND t.deleted_at IS NULL")
                .bind("tenant", tenantId).map((row, context) -> Limits.from(row)).findOne());
    }
}
