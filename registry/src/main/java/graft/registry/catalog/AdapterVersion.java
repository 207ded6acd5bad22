package graft.registry.catalog;

import graft.registry.Columns;
import java.sql.Array;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.mapper.RowMapper;

/**
 * One immutable version of an adapter.
 *
 * @param tenantId   owner
 * @param version    number within the adapter, from 1; a deleted one is never given again
 * @param digest     {@code sha256:...} over its files: the identity towards the engine
 * @param baseDigest of the base model it was proved against
 * @param manifest   JSON object as uploaded
 * @param note       empty if none was given
 * @param createdBy  key that uploaded it
 */
public record AdapterVersion(String tenantId, String adapter, int version, String digest, String baseDigest, int rank,
        List<String> targetModules, long sizeBytes, String manifest, String note, List<String> warnings,
        String createdBy, Instant createdAt) {
    public AdapterVersion {
        targetModules = List.copyOf(targetModules);
        warnings = List.copyOf(warnings);
    }

    static final RowMapper<AdapterVersion> MAPPER = (row, context) -> new AdapterVersion(row.getString("tenant_id"),
            row.getString("adapter"), row.getInt("version"), row.getString("digest"), row.getString("base_digest"),
            row.getInt("rank"), texts(row.getArray("target_modules")), row.getLong("size_bytes"),
            row.getString("manifest"), row.getString("note"), texts(row.getArray("warnings")),
            row.getString("created_by"), Columns.instant(row, "created_at"));

    private static List<String> texts(Array array) throws SQLException {
        return List.of((String[]) array.getArray());
    }
}
