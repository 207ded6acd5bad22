package graft.registry.catalog;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.tenant.Tenant;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;

/** What a model name points at, for one tenant. Any thread may call; every method is one transaction. */
public final class CatalogDao {
    /** Every change of what a name means is announced here when it commits (LISTEN). */
    public static final String CHANNEL = "graft_catalog";
    private final Database database;

    public CatalogDao(Database database) {
        this.database = database;
    }

    /**
     * A version that a name points at.
     *
     * @param promptFormat from the manifest, as is {@code instruction}
     * @param weight       its share among the targets of one alias
     * @param shadow       the alias's candidate, if this tenant's requests may be shadowed
     */
    public record Pointed(String ownerTenantId, String adapter, String base, int version, String digest,
            Optional<String> promptFormat, Optional<String> instruction, int weight, Optional<Candidate> shadow) {
        static final RowMapper<Pointed> MAPPER = (row, context) -> new Pointed(row.getString("tenant_id"),
                row.getString("adapter"), row.getString("base"), row.getInt("version"), row.getString("digest"),
                Columns.optionalText(row, "prompt_format"), Columns.optionalText(row, "instruction"),
                row.getInt("weight"), candidate(row));

        private static Optional<Candidate> candidate(ResultSet row) throws SQLException {
            Optional<String> digest = Columns.optionalText(row, "shadow_digest");
            return digest.isEmpty() ? Optional.empty() : Optional.of(new Candidate(row.getInt("shadow_version"),
                    digest.get(), row.getDouble("shadow_fraction")));
        }
    }

    /** A version that answers besides, for comparison. */
    public record Candidate(int version, String digest, double fraction) {}

    /**
     * The versions an alias points at, by number; empty if there is no such adapter or alias for this tenant.
     *
     * @param owner whose adapter; without it the tenant's own wins over a shared namesake
     */
    public List<Pointed> byAlias(String tenantId, Optional<String> owner, String adapter, String alias) {
        return database.asTenant(tenantId, handle -> adapter(handle, tenantId, owner, adapter).map(found ->
                handle.createQuery("""
                        SELECT v.tenant_id, v.adapter, :base AS base, v.version, v.digest,
                            v.manifest ->> 'prompt_format' AS prompt_format,
                            v.manifest ->> 'instruction' AS instruction,
                            t.weight, c.version AS shadow_version, c.digest AS shadow_digest,
                            s.fraction AS shadow_fraction
                        FROM adapter_alias_target t JOIN adapter_version v
                            ON v.tenant_id = t.tenant_id AND v.adapter = t.adapter AND v.version = t.version
                        LEFT JOIN adapter_alias_shadow s
                            ON s.tenant_id = t.tenant_id AND s.adapter = t.adapter AND s.alias = t.alias
                            AND (s.tenant_id = :tenant
                                OR EXISTS (SELECT FROM shadow_consent WHERE tenant_id = :tenant))
                        LEFT JOIN adapter_version c
                            ON c.tenant_id = s.tenant_id AND c.adapter = s.adapter AND c.version = s.version
                        WHERE t.tenant_id = :owner AND t.adapter = :adapter AND t.alias = :alias ORDER BY v.version
                        """).bind("base", found.base()).bind("owner", found.tenantId()).bind("adapter", adapter)
                        .bind("alias", alias).bind("tenant", tenantId).map(Pointed.MAPPER).list()).orElse(List.of()));
    }

    /** One version by its number; see {@link #byAlias}. */
    public Optional<Pointed> byVersion(String tenantId, Optional<String> owner, String adapter, int version) {
        return database.asTenant(tenantId, handle -> adapter(handle, tenantId, owner, adapter).flatMap(found ->
                handle.createQuery("""
                        SELECT tenant_id, adapter, :base AS base, version, digest,
                            manifest ->> 'prompt_format' AS prompt_format,
                            manifest ->> 'instruction' AS instruction, 1 AS weight,
                            NULL::integer AS shadow_version, NULL::text AS shadow_digest,
                            NULL::double precision AS shadow_fraction
                        FROM adapter_version
                        WHERE tenant_id = :owner AND adapter = :adapter AND version = :version
                        """).bind("base", found.base()).bind("owner", found.tenantId()).bind("adapter", adapter)
                        .bind("version", version).map(Pointed.MAPPER).findOne()));
    }

    private static Optional<Adapter> adapter(Handle handle, String tenantId, Optional<String> owner, String name) {
        return owner.isPresent() ? AdapterDao.find(handle, tenantId, owner.get(), name)
                : AdapterDao.find(handle, tenantId, name);
    }

    /**
     * An alias that a tenant may use.
     *
     * @param plain   whether the adapter's plain name means this owner's, see {@link AdapterDao#find(String, String)}
     * @param version the one with the largest share
     */
    public record Usable(String ownerTenantId, String adapter, boolean plain, String base, String alias, int version,
            String digest, Instant createdAt) {}

    /** Every alias that this tenant may use: own adapters and shared ones, by adapter, owner and alias. */
    public List<Usable> usable(String tenantId) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT DISTINCT ON (a.name, a.tenant_id, t.alias) a.tenant_id, a.name, a.base, t.alias, v.version,
                    v.digest, v.created_at, a.tenant_id = (SELECT n.tenant_id FROM adapter n WHERE n.name = a.name
                        ORDER BY n.tenant_id = :tenant DESC, n.tenant_id = :operator DESC, n.tenant_id LIMIT 1) AS plain
                FROM adapter a
                JOIN adapter_alias_target t ON t.tenant_id = a.tenant_id AND t.adapter = a.name
                JOIN adapter_version v ON v.tenant_id = t.tenant_id AND v.adapter = t.adapter
                    AND v.version = t.version
                ORDER BY a.name, a.tenant_id, t.alias, t.weight DESC, v.version DESC
                """).bind("tenant", tenantId).bind("operator", Tenant.OPERATOR)
                .map((row, context) -> new Usable(row.getString("tenant_id"), row.getString("name"),
                        row.getBoolean("plain"), row.getString("base"), row.getString("alias"), row.getInt("version"),
                        row.getString("digest"), Columns.instant(row, "created_at"))).list());
    }

    /** A version that a tenant used. */
    public record Used(String tenantId, String adapter, int version) {}

    /** The versions of any tenant that were used most of late, most first. For the operator's housekeeping. */
    public List<Used> mostUsed(Duration window, int most) {
        return database.asOperator(handle -> handle.createQuery("""
                SELECT tenant_id, adapter_name, adapter_version FROM usage_request
                WHERE opened_at > now() - make_interval(secs => :window) AND adapter_name <> ''
                GROUP BY tenant_id, adapter_name, adapter_version
                ORDER BY count(*) DESC, max(opened_at) DESC LIMIT :most
                """).bind("window", window.toMillis() / 1000.0).bind("most", most)
                .map((row, context) -> new Used(row.getString("tenant_id"), row.getString("adapter_name"),
                        row.getInt("adapter_version"))).list());
    }

    static void announce(Handle handle) {
        handle.createQuery("SELECT pg_notify(:channel, '')").bind("channel", CHANNEL).mapTo(String.class).findOne();
    }
}
