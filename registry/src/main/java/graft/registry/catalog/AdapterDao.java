package graft.registry.catalog;

import graft.registry.Database;
import graft.registry.tenant.AuditDao;
import graft.registry.tenant.Tenant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    /** What this tenant may see, by name, its own before a shared namesake; {@code after} is a name or empty. */
    public List<Adapter> list(String tenantId, String after, int limit) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT DISTINCT ON (name) * FROM adapter WHERE name > :after
                ORDER BY name, tenant_id = :tenant DESC, tenant_id = :operator DESC, tenant_id LIMIT :limit
                """).bind("tenant", tenantId).bind("operator", Tenant.OPERATOR).bind("after", after)
                .bind("limit", limit).map(Adapter.MAPPER).list());
    }

    /** Removes an adapter with its versions and aliases. False if this tenant has none of that name. */
    public boolean delete(String tenantId, String name, String by) {
        return database.asTenant(tenantId, handle -> {
            if (!lock(handle, tenantId, name)) return false;
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

    /** @param withAll every tenant may read it; @param guests tenants that may read it besides */
    public record Sharing(boolean withAll, Set<String> guests) {
        public Sharing {
            guests = Set.copyOf(guests);
        }
    }

    /** Sets with whom an adapter is shared. False if this tenant has none of that name. */
    public boolean share(String tenantId, String name, Sharing sharing, String by) {
        return database.asTenant(tenantId, handle -> {
            int changed = handle.createUpdate("""
                    UPDATE adapter SET shared = :shared WHERE tenant_id = :tenant AND name = :name
                    """).bind("shared", sharing.withAll()).bind("tenant", tenantId).bind("name", name).execute();
            if (changed == 0) return false;
            handle.createUpdate("DELETE FROM adapter_share WHERE tenant_id = :tenant AND adapter = :name")
                    .bind("tenant", tenantId).bind("name", name).execute();
            for (String guest : sharing.guests()) {
                handle.createUpdate("INSERT INTO adapter_share VALUES (:tenant, :name, :guest)")
                        .bind("tenant", tenantId).bind("name", name).bind("guest", guest).execute();
            }
            AuditDao.record(handle, by, tenantId, "adapter.share", name,
                    Map.of("with_all", sharing.withAll(), "tenants", sharing.guests()));
            CatalogDao.announce(handle);
            return true;
        });
    }

    /** With whom an adapter of one's own is shared; empty if there is none of that name. */
    public Optional<Sharing> sharing(String tenantId, String name) {
        return database.asTenant(tenantId, handle -> find(handle, tenantId, tenantId, name).map(adapter ->
                new Sharing(adapter.shared(), handle.createQuery("""
                        SELECT shared_with FROM adapter_share WHERE tenant_id = :tenant AND adapter = :name
                        """).bind("tenant", tenantId).bind("name", name).mapTo(String.class).set())));
    }

    /** Holds off every other change of this adapter until the transaction ends. */
    static boolean lock(Handle handle, String tenantId, String name) {
        return handle.createQuery("SELECT 1 FROM adapter WHERE tenant_id = :tenant AND name = :name FOR UPDATE")
                .bind("tenant", tenantId).bind("name", name).mapTo(Integer.class).findOne().isPresent();
    }
}
