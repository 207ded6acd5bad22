package graft.registry.catalog;

import graft.registry.Database;
import graft.registry.Listing;
import graft.registry.tenant.AuditDao;
import graft.registry.tenant.Tenant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Adapters by name: one's own, and those that others share. Any thread may call; every method is one transaction. */
public final class AdapterDao {
    private final Database database;

    public AdapterDao(Database database) {
        this.database = database;
    }

    /** The adapter that this name means to this tenant: its own, else the operator's, else another's that is shared. */
    public Optional<Adapter> find(String tenantId, String name) {
        return database.asTenant(tenantId, handle -> find(handle, tenantId, name));
    }

    static Optional<Adapter> find(Handle handle, String tenantId, String name) {
        return handle.createQuery("""
                SELECT * FROM adapter WHERE name = :name
                ORDER BY tenant_id = :tenant DESC, tenant_id = :operator DESC, tenant_id LIMIT 1
                """).bind("name", name).bind("tenant", tenantId).bind("operator", Tenant.OPERATOR)
                .map(Adapter.MAPPER).findOne();
    }

    /** The adapter of exactly this owner, if this tenant may see it. */
    public Optional<Adapter> find(String tenantId, String owner, String name) {
        return database.asTenant(tenantId, handle -> find(handle, tenantId, owner, name));
    }

    static Optional<Adapter> find(Handle handle, String tenantId, String owner, String name) {
        return handle.createQuery("SELECT * FROM adapter WHERE tenant_id = :owner AND name = :name")
                .bind("owner", owner).bind("name", name).map(Adapter.MAPPER).findOne();
    }

    /** What this tenant may see, its own before a shared namesake; {@code after} is a name. */
    public List<Adapter> list(String tenantId, Listing listing) {
        String key = listing.sort() == Listing.Sort.NAME ? "name" : "created_at, name";
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                WITH seen AS (SELECT DISTINCT ON (name) * FROM adapter
                    WHERE :containing::text IS NULL OR position(lower(:containing) IN name) > 0
                    ORDER BY name, tenant_id = :tenant DESC, tenant_id = :operator DESC, tenant_id)
                SELECT * FROM seen
                WHERE :after::text IS NULL OR (%1$s) %2$s (%4$s)
                ORDER BY %3$s LIMIT :most
                """.formatted(key, listing.comparison(), key.replace(",", " " + listing.direction() + ",") + " "
                        + listing.direction(), listing.sort() == Listing.Sort.NAME ? ":after"
                        : "SELECT created_at, name FROM seen WHERE name = :after"))
                .bind("tenant", tenantId).bind("operator", Tenant.OPERATOR)
                .bind("containing", listing.containing().orElse(null)).bind("after", listing.after().orElse(null))
                .bind("most", listing.most() + 1).map(Adapter.MAPPER).list());
    }

    /** Removes an adapter with its versions and aliases. False if this tenant has none of that name. */
    public boolean delete(String tenantId, String name, String by) {
        return database.asTenant(tenantId, handle -> {
            if (!lock(handle, tenantId, name)) return false;
            keepNumber(handle, tenantId, name);
            handle.createUpdate("DELETE FROM adapter_alias WHERE tenant_id = :tenant AND adapter = :name")
                    .bind("tenant", tenantId).bind("name", name).execute();
            handle.createUpdate("DELETE FROM adapter WHERE tenant_id = :tenant AND name = :name")
                    .bind("tenant", tenantId).bind("name", name).execute();
            AdapterVersionDao.markUnreferenced(handle, tenantId);
            AuditDao.record(handle, by, tenantId, "adapter.delete", name, Map.of());
            CatalogDao.announce(handle);
            return true;
        });
    }

    /** So that one of the same name, made later, goes on counting: see V202. */
    private static void keepNumber(Handle handle, String tenantId, String name) {
        handle.createUpdate("""
                INSERT INTO adapter_number (tenant_id, name, last_version)
                SELECT tenant_id, name, last_version FROM adapter WHERE tenant_id = :tenant AND name = :name
                ON CONFLICT (tenant_id, name) DO UPDATE SET last_version = EXCLUDED.last_version
                """).bind("tenant", tenantId).bind("name", name).execute();
    }

    /**
     * Removes all adapters of a tenant that is deleted, and what others share with it. In the operator's transaction.
     *
     * @return how many adapters
     */
    public static int deleteAll(Handle handle, String tenantId) {
        handle.createUpdate("DELETE FROM adapter_alias WHERE tenant_id = :tenant").bind("tenant", tenantId).execute();
        int deleted = handle.createUpdate("DELETE FROM adapter WHERE tenant_id = :tenant").bind("tenant", tenantId)
                .execute();
        handle.createUpdate("DELETE FROM adapter_share WHERE shared_with = :tenant").bind("tenant", tenantId).execute();
        AdapterVersionDao.markUnreferenced(handle, tenantId);
        CatalogDao.announce(handle);
        return deleted;
    }

    /** Holds off every other change of this adapter until the transaction ends. */
    static boolean lock(Handle handle, String tenantId, String name) {
        return handle.createQuery("SELECT 1 FROM adapter WHERE tenant_id = :tenant AND name = :name FOR UPDATE")
                .bind("tenant", tenantId).bind("name", name).mapTo(Integer.class).findOne().isPresent();
    }
}
