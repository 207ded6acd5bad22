package graft.registry.costs;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.usage.Component;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/** Reads what was billed, used and stored, for exports and advice. Any thread may call; waits for the database. */
public final class CostReportDao {
    private final Database database;

    public CostReportDao(Database database) {
        this.database = database;
    }

    /** One component's sum in one hour. @param adapterName empty for the base itself */
    public record Line(Instant hour, String tenantId, String tenantName, String baseId, String adapterName,
            int adapterVersion, Component component, long priceRevision, String currency, long quantity,
            long costMicros) {}

    /** Of whole hours, in order. @param tenantId whose; none for all tenants, which is the operator's to ask */
    public List<Line> lines(Optional<String> tenantId, Instant from, Instant to) {
        return as(tenantId, handle -> handle.createQuery("""
                SELECT hour, e.tenant_id, coalesce(t.name, e.tenant_id) AS tenant_name, base_id, adapter_name,
                    adapter_version, component, price_revision, p.currency, sum(quantity)::bigint AS quantity,
                    sum(cost_micros)::bigint AS cost
                FROM (SELECT day, date_trunc('hour', at, 'UTC') AS hour, tenant_id, base_id, adapter_name,
                            adapter_version, component, price_revision, quantity, cost_micros FROM usage_event
                        WHERE at >= :from AND at < :to AND day >= (:from AT TIME ZONE 'UTC')::date
                            AND day <= (:to AT TIME ZONE 'UTC')::date
                        UNION ALL
                        SELECT day, hour, tenant_id, base_id, adapter_name, adapter_version, component, price_revision,
                            quantity, cost_micros FROM usage_hour
                        WHERE hour >= :from AND hour < :to
                            AND day IN (SELECT day FROM usage_rollup WHERE detached)) AS e
                    JOIN price_revision p ON p.revision = e.price_revision
                    LEFT JOIN tenant t ON t.id = e.tenant_id
                GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY 1, 2, 4, 5, 6, 7, 8
                """)
                .bind("from", from.atOffset(ZoneOffset.UTC)).bind("to", to.atOffset(ZoneOffset.UTC))
                .map((row, context) -> new Line(Columns.instant(row, "hour"), row.getString("tenant_id"),
                        row.getString("tenant_name"), row.getString("base_id"), row.getString("adapter_name"),
                        row.getInt("adapter_version"), Component.of(row.getString("component")).orElseThrow(),
                        row.getLong("price_revision"), row.getString("currency"), row.getLong("quantity"),
                        row.getLong("cost"))).list());
    }

    /** Billed to a tenant, and the KiB-hours of it that were storage. */
    public record Billed(String tenantId, String currency, long costMicros, long storage) {}

    /** Of whole hours; the operator's. */
    public List<Billed> billed(Instant from, Instant to) {
        return database.asOperator(handle -> handle.createQuery("""
                SELECT e.tenant_id, p.currency, sum(cost_micros)::bigint AS cost,
                    coalesce(sum(quantity) FILTER (WHERE component = 'storage'), 0)::bigint AS storage
                FROM (SELECT tenant_id, component, quantity, cost_micros, price_revision FROM usage_event
                        WHERE at >= :from AND at < :to
                    UNION ALL SELECT tenant_id, component, quantity, cost_micros, price_revision FROM usage_hour
                        WHERE hour >= :from AND hour < :to
                            AND day IN (SELECT day FROM usage_rollup WHERE detached)) AS e
                    JOIN price_revision p ON p.revision = e.price_revision
                GROUP BY 1, 2 ORDER BY 1, 2
                """)
                .bind("from", from.atOffset(ZoneOffset.UTC)).bind("to", to.atOffset(ZoneOffset.UTC))
                .map((row, context) -> new Billed(row.getString("tenant_id"), row.getString("currency"),
                        row.getLong("cost"), row.getLong("storage"))).list());
    }

    /**
     * What the meters know of a tenant's answers.
     *
     * @param queries          answers
     * @param withContext      those that passages were searched for
     * @param contextTokens    of their prompts, that were passages
     * @param promptTokens     of their prompts
     * @param cachedTokens     of these, found in the prefix cache
     * @param retrievalMicros  billed for searching and embedding their questions
     * @param withAdapter      answers of an adapter
     * @param medianMicros     of waiting, searching and computing, half of the answers took less
     * @param p95Micros        19 of 20 took less
     * @param documents        in the stores now
     * @param changedDocuments revisions made in the time
     */
    public record Meters(long queries, long withContext, long contextTokens, long promptTokens, long cachedTokens,
            long retrievalMicros, long withAdapter, long medianMicros, long p95Micros, long documents,
            long changedDocuments) {}

    /** Of the ledger's days that are attached. @param tenantId none for all tenants, which is the operator's to ask */
    public Meters meters(Optional<String> tenantId, Instant from, Instant to) {
        return as(tenantId, handle -> handle.createQuery("""
                WITH answers AS MATERIALIZED (SELECT * FROM usage_request WHERE state = 'settled'
                        AND operation IN ('chat.completions', 'completions') AND opened_at >= :from AND opened_at < :to
                        AND day >= (:from AT TIME ZONE 'UTC')::date AND day <= (:to AT TIME ZONE 'UTC')::date)
                SELECT count(*) AS queries, count(*) FILTER (WHERE retrieve > 0) AS with_context,
                    coalesce(sum(context_tokens), 0)::bigint AS context_tokens,
                    coalesce(sum(prefill + cached_prefill) FILTER (WHERE retrieve > 0), 0)::bigint AS prompt_tokens,
                    coalesce(sum(cached_prefill) FILTER (WHERE retrieve > 0), 0)::bigint AS cached_tokens,
                    (SELECT coalesce(sum(e.cost_micros), 0)::bigint FROM usage_event e
                        WHERE e.component IN ('retrieve', 'embed_query')
                            AND e.operation IN ('chat.completions', 'completions') AND e.at >= :from AND e.at < :to)
                        AS retrieval_cost,
                    count(*) FILTER (WHERE adapter_name <> '') AS with_adapter,
                    coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY queue_micros + engine_micros
                        + retrieval_micros), 0) AS median,
                    coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY queue_micros + engine_micros
                        + retrieval_micros), 0) AS p95,
                    (SELECT count(*) FROM document) AS documents,
                    (SELECT count(*) FROM document_revision r WHERE r.created_at >= :from AND r.created_at < :to)
                        AS changed
                FROM answers
                """)
                .bind("from", from.atOffset(ZoneOffset.UTC)).bind("to", to.atOffset(ZoneOffset.UTC))
                .map((row, context) -> new Meters(row.getLong("queries"), row.getLong("with_context"),
                        row.getLong("context_tokens"), row.getLong("prompt_tokens"), row.getLong("cached_tokens"),
                        row.getLong("retrieval_cost"), row.getLong("with_adapter"), row.getLong("median"),
                        row.getLong("p95"), row.getLong("documents"), row.getLong("changed"))).one());
    }

    private <T> T as(Optional<String> tenantId, Function<Handle, T> work) {
        return tenantId.isPresent() ? database.asTenant(tenantId.get(), work) : database.asOperator(work);
    }
}
