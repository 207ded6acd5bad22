package graft.registry.tenant;

import graft.registry.Columns;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Objects;

/** A team that shares keys, adapters, knowledge, limits and a bill. */
public record Tenant(String id, String name, Instant createdAt) {
    /** Owns what is shared with everybody; made by the first migration. */
    public static final String OPERATOR = "operator";
    /** The tenant of the seeded demo. */
    public static final String DEMO = "demo";

    public Tenant {
        Objects.requireNonNull(id);
        Objects.requireNonNull(name);
        Objects.requireNonNull(createdAt);
    }

    static Tenant from(ResultSet row) throws SQLException {
        return new Tenant(row.getString("id"), row.getString("name"), Columns.instant(row, "created_at"));
    }
}
