package graft.registry.usage;

import graft.registry.Database;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/** Reads sums from the ledger. Any thread may call; waits for the database. */
public final class UsageReportDao {
    private final Database database;

    public UsageReportDao(Database database) {
        this.database = database;
    }

    /**
     * One component's sum in one bucket and group. What was not grouped by is empty.
     *
     * @param bucketStart seconds since 1970
     */
    public record Sum(long bucketStart, String tenantId, String keyId, String model, Component component,
            String currency, long quantity, long costMicros) {}

    /** @param bucketStart seconds since 1970; @param requests distinct ones of all components together */
    public record Requests(long bucketStart, String tenantId, String keyId, String model, long requests) {}

    private static final String GROUPS = """
            floor(extract(epoch FROM at) / :bucket)::bigint * :bucket AS bucket_start,
                CASE WHEN :by_tenant THEN e.tenant_id ELSE '' END AS tenant,
                CASE WHEN :by_key THEN e.key_id ELSE '' END AS key,
                CASE WHEN NOT :by_model THEN '' WHEN e.adapter_name = '' THEN e.base_id
                    ELSE e.adapter_name || '@' || e.adapter_version END AS model""";
    /**
     * Lines of the ledger; of days that are rolled up their sums by hour, if whole hours are asked; of days that are
     * detached always those. A request of the ledger counts under its id, so that it is counted once.
     */
    private static final String LINES = """
            (SELECT at, request_id, 0::bigint AS requests, tenant_id, key_id, operation, base_id, adapter_name,
                    adapter_version, component, quantity, cost_micros, price_revision
                FROM usage_event
                WHERE day >= (:from AT TIME ZONE 'UTC')::date AND day <= (:to AT TIME ZONE 'UTC')::date
                    AND NOT (:hours AND day IN (SELECT day FROM usage_rollup))
                UNION ALL
                SELECT hour, NULL, requests, tenant_id, key_id, operation, base_id, adapter_name, adapter_version,
                    component, quantity, cost_micros, price_revision
                FROM usage_hour
                WHERE day >= (:from AT TIME ZONE 'UTC')::date AND day <= (:to AT TIME ZONE 'UTC')::date
                    AND (:hours OR day IN (SELECT day FROM usage_rollup WHERE detached))) AS e
            """;
    private static final String FILTERS = """
            e.at >= :from AND e.at < :to
                AND (:components = '' OR e.component = ANY (string_to_array(:components, E'\\n')))
                AND (:operations = '' OR e.operation = ANY (string_to_array(:operations, E'\\n')))
                AND (:tenants = '' OR e.tenant_id = ANY (string_to_array(:tenants, E'\\n')))
                AND (:keys = '' OR e.key_id = ANY (string_to_array(:keys, E'\\n')))
                AND (:models = '' OR ARRAY[e.base_id, nullif(e.adapter_name, ''),
                    nullif(e.adapter_name, '') || '@' || e.adapter_version] && string_to_array(:models, E'\\n'))""";

    /** @param tenantId whose; none for all tenants, which is the operator's to ask */
    public List<Sum> sums(Optional<String> tenantId, UsageQuery query) {
        return as(tenantId, handle -> bind(handle, "SELECT " + GROUPS + """
                , e.component, p.currency, sum(e.quantity) AS quantity, sum(e.cost_micros) AS cost
                FROM\s""" + LINES + """
                JOIN price_revision p ON p.revision = e.price_revision
                WHERE\s""" + FILTERS + """

                GROUP BY bucket_start, tenant, key, model, e.component, p.currency
                ORDER BY bucket_start, tenant, key, model, e.component, p.currency
                """, query)
                .map((row, context) -> new Sum(row.getLong("bucket_start"), row.getString("tenant"),
                        row.getString("key"), row.getString("model"),
                        Component.of(row.getString("component")).orElseThrow(), row.getString("currency"),
                        row.getLong("quantity"), row.getLong("cost")))
                .list());
    }

    /** How many requests the sums are of: one with several components counts once. */
    public List<Requests> requests(Optional<String> tenantId, UsageQuery query) {
        return as(tenantId, handle -> bind(handle, "SELECT " + GROUPS + """
                , count(DISTINCT e.request_id) + coalesce(sum(e.requests), 0) AS requests
                FROM\s""" + LINES + """
                WHERE\s""" + FILTERS + """

                GROUP BY bucket_start, tenant, key, model
                """, query)
                .map((row, context) -> new Requests(row.getLong("bucket_start"), row.getString("tenant"),
                        row.getString("key"), row.getString("model"), row.getLong("requests")))
                .list());
    }

    /** Sums by hour answer a question about whole hours; the present day is never rolled up. */
    private static boolean wholeHours(UsageQuery query) {
        Instant today = Instant.now().truncatedTo(ChronoUnit.DAYS);
        return query.bucket().toSeconds() % 3600 == 0 && query.from().getEpochSecond() % 3600 == 0
                && (query.to().getEpochSecond() % 3600 == 0 || query.to().isAfter(today));
    }

    private static Query bind(Handle handle, String sql, UsageQuery query) {
        return handle.createQuery(sql).bind("hours", wholeHours(query))
                .bind("bucket", query.bucket().toSeconds())
                .bind("by_tenant", query.groupBy().contains(UsageQuery.GroupBy.TENANT))
                .bind("by_key", query.groupBy().contains(UsageQuery.GroupBy.KEY))
                .bind("by_model", query.groupBy().contains(UsageQuery.GroupBy.MODEL))
                .bind("from", query.from().atOffset(ZoneOffset.UTC)).bind("to", query.to().atOffset(ZoneOffset.UTC))
                .bind("components", joined(query.components().stream().map(Component::word).toList()))
                .bind("operations", joined(query.operations())).bind("tenants", joined(query.tenants()))
                .bind("keys", joined(query.keys())).bind("models", joined(query.models()));
    }

    /** No id or name holds a line feed. */
    private static String joined(List<String> values) {
        return String.join("\n", values);
    }

    /** Bytes of a tenant's knowledge stores; what was deleted since does not count. */
    public record Stored(String tenantId, long bytes) {}

    private record Added(String tenantId, int first, long bytes) {}

    /**
     * As they stood at each of these moments, which ascend: documents are read once, however many moments.
     *
     * @return a list a moment, by tenant
     */
    public List<List<Stored>> stored(Optional<String> tenantId, List<Instant> moments) {
        List<Added> added = as(tenantId, handle -> handle.createQuery("""
                SELECT tenant_id, width_bucket(created_at, :moments::timestamptz[]) AS first, sum(usage_bytes) AS bytes
                FROM document GROUP BY tenant_id, first ORDER BY first
                """)
                .bind("moments", moments.stream().map(Instant::toString).collect(Collectors.joining(",", "{", "}")))
                .map((row, context) -> new Added(row.getString("tenant_id"), row.getInt("first"),
                        row.getLong("bytes"))).list());
        Map<String, Long> sums = new TreeMap<>();
        List<List<Stored>> all = new ArrayList<>();
        int next = 0;
        for (int moment = 0; moment < moments.size(); moment++) {
            for (; next < added.size() && added.get(next).first() <= moment; next++)
                sums.merge(added.get(next).tenantId(), added.get(next).bytes(), Long::sum);
            all.add(sums.entrySet().stream().map(entry -> new Stored(entry.getKey(), entry.getValue())).toList());
        }
        return all;
    }

    private <T> T as(Optional<String> tenantId, Function<Handle, T> work) {
        return tenantId.isPresent() ? database.asTenant(tenantId.get(), work) : database.asOperator(work);
    }
}
