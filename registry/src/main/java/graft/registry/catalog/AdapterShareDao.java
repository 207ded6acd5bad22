package graft.registry.catalog;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.tenant.AuditDao;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** With whom adapters are shared. Each change is announced, so that the next request sees it. Any thread may call. */
public final class AdapterShareDao {
    private final Database database;

    public AdapterShareDao(Database database) {
        this.database = database;
    }

    /** A tenant that may read somebody else's adapter. */
    public record Share(String tenantId, String grantedBy, Instant grantedAt) {}

    /** False if this tenant has no such adapter of its own. Granting twice is harmless. */
    public boolean grant(String tenantId, String adapter, String guest, String by) {
        return database.asTenant(tenantId, handle -> {
            if (!AdapterDao.lock(handle, tenantId, adapter)) return false;
            handle.createUpdate("""
                    INSERT INTO adapter_share (tenant_id, adapter, shared_with, granted_by)
                    VALUES (:tenant, :adapter, :guest, :by) ON CONFLICT DO NOTHING
                    """).bind("tenant", tenantId).bind("adapter", adapter).bind("guest", guest).bind("by", by)
                    .execute();
            record(handle, tenantId, adapter, "adapter.share", guest, by);
            return true;
        });
    }

    /** False if there was no such share. */
    public boolean revoke(String tenantId, String adapter, String guest, String by) {
        return database.asTenant(tenantId, handle -> {
            int gone = handle.createUpdate("""
                    DELETE FROM adapter_share WHERE tenant_id = :tenant AND adapter = :adapter AND shared_with = :guest
                    """).bind("tenant", tenantId).bind("adapter", adapter).bind("guest", guest).execute();
            if (gone == 0) return false;
            record(handle, tenantId, adapter, "adapter.unshare", guest, by);
            return true;
        });
    }

    /** Shares with every tenant, also later ones, or ends that; named tenants keep theirs. False if absent. */
    public boolean shareWithAll(String tenantId, String adapter, boolean all, String by) {
        return database.asTenant(tenantId, handle -> {
            int changed = handle.createUpdate("""
                    UPDATE adapter SET shared = :all WHERE tenant_id = :tenant AND name = :adapter
                    """).bind("all", all).bind("tenant", tenantId).bind("adapter", adapter).execute();
            if (changed == 0) return false;
            record(handle, tenantId, adapter, all ? "adapter.share" : "adapter.unshare", "all", by);
            return true;
        });
    }

    private static void record(Handle handle, String tenantId, String adapter, String action, String guest,
            String by) {
        AuditDao.record(handle, by, tenantId, action, adapter, Map.of("with", guest));
        CatalogDao.announce(handle);
    }

    /**
     * The tenants by name that an adapter of one's own is shared with, by their ids.
     *
     * @param after the last id of the page before, or empty
     * @return nothing if this tenant has no such adapter
     */
    public Optional<List<Share>> list(String tenantId, String adapter, String after, int limit) {
        return database.asTenant(tenantId, handle -> AdapterDao.find(handle, tenantId, tenantId, adapter).map(own ->
                handle.createQuery("""
                        SELECT shared_with, granted_by, granted_at FROM adapter_share
                        WHERE tenant_id = :tenant AND adapter = :adapter AND shared_with > :after
                        ORDER BY shared_with LIMIT :limit
                        """).bind("tenant", tenantId).bind("adapter", adapter).bind("after", after)
                        .bind("limit", limit).map((row, context) -> new Share(row.getString("shared_with"),
                                row.getString("granted_by"), Columns.instant(row, "granted_at"))).list()));
    }
}
