package graft.registry.costs;

import graft.registry.Database;
import java.util.List;

/** What each tenant has stored now. Any thread may call; waits for the database. */
public final class StoredBytesDao {
    private final Database database;

    public StoredBytesDao(Database database) {
        this.database = database;
    }

    /** @param kind {@code adapters}, {@code files} or {@code vector_stores} */
    public record Stored(String tenantId, String kind, long bytes) {}

    /** Of all tenants, without what is nothing. */
    public List<Stored> all() {
        return database.asOperator(handle -> handle.createQuery("""
                SELECT * FROM (
                    SELECT tenant_id, 'adapters' AS kind, sum(size_bytes)::bigint AS bytes FROM artifact GROUP BY 1
                    UNION ALL SELECT tenant_id, 'files', sum(bytes)::bigint FROM file GROUP BY 1
                    UNION ALL SELECT tenant_id, 'vector_stores', sum(usage_bytes)::bigint FROM document GROUP BY 1
                ) AS stored WHERE bytes > 0 ORDER BY 1, 2
                """).map((row, context) -> new Stored(row.getString("tenant_id"), row.getString("kind"),
                row.getLong("bytes"))).list());
    }
}
