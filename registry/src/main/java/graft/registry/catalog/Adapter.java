package graft.registry.catalog;

import graft.registry.Columns;
import java.time.Instant;
import org.jdbi.v3.core.mapper.RowMapper;

/**
 * A named line of adapter versions for one base model.
 *
 * @param tenantId whose it is
 * @param base     id of the base model that every version is for
 * @param shared   whether every tenant may read it
 */
public record Adapter(String tenantId, String name, String base, boolean shared, Instant createdAt) {
    static final RowMapper<Adapter> MAPPER = (row, context) -> new Adapter(row.getString("tenant_id"),
            row.getString("name"), row.getString("base"), row.getBoolean("shared"),
            Columns.instant(row, "created_at"));
}
