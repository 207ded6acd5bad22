package graft.registry.catalog;

import graft.registry.Columns;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jdbi.v3.core.mapper.RowMapper;

/**
 * One immutable version of an adapter, with what people say about it.
 *
 * @param tenantId   owner
 * @param version    number within the adapter, from 1; a deleted one is never given again
 * @param digest     {@code sha256:...} over its files: the identity towards the engine
 * @param baseDigest of the base model it was proved against
 * @param manifest   JSON object as uploaded
 * @param createdBy  key that uploaded it
 * @param changed    who changed the metadata last, and when
 */
public record AdapterVersion(String tenantId, String adapter, int version, String digest, String baseDigest, int rank,
        List<String> targetModules, long sizeBytes, String manifest, VersionMetadata metadata, Provenance provenance,
        List<String> warnings, String createdBy, Instant createdAt, Optional<Changed> changed) {
    public AdapterVersion {
        targetModules = List.copyOf(targetModules);
        warnings = List.copyOf(warnings);
    }

    /** @param by key */
    public record Changed(String by, Instant at) {}

    static final RowMapper<AdapterVersion> MAPPER = (row, context) -> new AdapterVersion(row.getString("tenant_id"),
            row.getString("adapter"), row.getInt("version"), row.getString("digest"), row.getString("base_digest"),
            row.getInt("rank"), texts(row.getArray("target_modules")), row.getLong("size_bytes"),
            row.getString("manifest"), metadata(row), provenance(row), texts(row.getArray("warnings")),
            row.getString("created_by"), Columns.instant(row, "created_at"), changed(row));

    private static VersionMetadata metadata(ResultSet row) throws SQLException {
        return new VersionMetadata(row.getString("note"), texts(row.getArray("tags")), row.getString("training_data"),
                row.getString("metrics"));
    }

    private static Provenance provenance(ResultSet row) throws SQLException {
        int parent = row.getInt("parent");
        return new Provenance(row.wasNull() ? Optional.empty() : Optional.of(parent),
                Provenance.Origin.valueOf(row.getString("origin").toUpperCase(Locale.ROOT)),
                Columns.optionalText(row, "signed_by").filter(key -> !key.isEmpty()));
    }

    private static Optional<Changed> changed(ResultSet row) throws SQLException {
        Optional<Instant> at = Columns.optionalInstant(row, "changed_at");
        return at.isEmpty() ? Optional.empty() : Optional.of(new Changed(row.getString("changed_by"), at.get()));
    }

    private static List<String> texts(Array array) throws SQLException {
        return List.of((String[]) array.getArray());
    }
}
