package graft.registry.tenant;

import graft.registry.Database;
import graft.registry.Ids;
import graft.registry.Listing;
import graft.registry.catalog.AdapterDao;
import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.StoreDao;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Tenants as the operator sees them. Every change is in the audit log, in the same transaction. Any thread may call;
 * every method waits for the database.
 */
public final class TenantDao {
    private final Database database;

    public TenantDao(Database database) {
        this.database = database;
    }

    /** @param actor the key that asked, for the audit log */
    public Tenant create(String actor, String name) {
        return database.asOperator(handle -> insert(handle, actor, Ids.next("tenant_"), name));
    }

    /** Makes a tenant with a fixed id unless it is there; one that was deleted comes back. */
    public Tenant ensure(String actor, String id, String name) {
        return database.asOperator(handle -> {
            Optional<Tenant> existing = select(handle, id);
            if (existing.isPresent()) return existing.get();
            int revived = handle.createUpdate("UPDATE tenant SET deleted_at = NULL WHERE id = :id")
                    .bind("id", id).execute();
            return revived == 0 ? insert(handle, actor, id, name) : select(handle, id).orElseThrow();
        });
    }

    private static Tenant insert(Handle handle, String actor, String id, String name) {
        Tenant tenant = handle.createQuery("INSERT INTO tenant (id, name) VALUES (:id, :name) RETURNING *")
                .bind("id", id).bind("name", name).map((row, context) -> Tenant.from(row)).one();
        AuditDao.record(handle, actor, id, "tenant.create", id, Map.of("name", name));
        return tenant;
    }

    public Optional<Tenant> find(String id) {
        return database.asOperator(handle -> select(handle, id));
    }

    private static Optional<Tenant> select(Handle handle, String id) {
        return handle.createQuery("SELECT * FROM tenant WHERE id = :id AND deleted_at IS NULL")
                .bind("id", id).map((row, context) -> Tenant.from(row)).findOne();
    }

    /** Those that are not deleted. */
    public List<Tenant> list(Listing listing) {
        String key = listing.sort() == Listing.Sort.NAME ? "lower(name), id" : "created_at, id";
        return database.asOperator(handle -> handle.createQuery("""
                SELECT * FROM tenant
                WHERE deleted_at IS NULL
                  AND (:containing::text IS NULL OR position(lower(:containing) IN lower(name)) > 0)
                  AND (:after::text IS NULL OR (%1$s) %2$s (SELECT %1$s FROM tenant WHERE id = :after))
                ORDER BY %3$s
                LIMIT :most
                """.formatted(key, listing.comparison(), key.replace(",", " " + listing.direction() + ",") + " "
                        + listing.direction()))
                .bind("containing", listing.containing().orElse(null)).bind("after", listing.after().orElse(null))
                .bind("most", listing.most() + 1)
                .map((row, context) -> Tenant.from(row)).list());
    }

    /**
     * Ends a tenant: its keys are revoked and its sessions closed at once, and what it owned goes with it: adapters
     * (their bytes after the grace period that running requests need), files, stores, retrieval records, kept replies.
     * Its ledger and audit log stay, because they are still owed.
     *
     * @return the keys that were revoked; empty if there is no such tenant
     */
    public Optional<List<String>> delete(String actor, String id) {
        return database.asOperator(handle -> {
            int deleted = handle.createUpdate(
                    "UPDATE tenant SET deleted_at = now() WHERE id = :id AND deleted_at IS NULL")
                    .bind("id", id).execute();
            if (deleted == 0) return Optional.empty();
            handle.createUpdate("DELETE FROM session WHERE tenant_id = :id").bind("id", id).execute();
            List<String> keys = handle.createQuery("""
                    UPDATE api_key SET revoked_at = now() WHERE tenant_id = :id AND revoked_at IS NULL RETURNING id
                    """).bind("id", id).mapTo(String.class).list();
            int adapters = AdapterDao.deleteAll(handle, id);
            int stores = StoreDao.deleteAll(handle, id);
            int files = FileDao.deleteAll(handle, id);
            handle.createUpdate("DELETE FROM retrieval WHERE tenant_id = :id").bind("id", id).execute();
            handle.createUpdate("DELETE FROM idempotent_reply WHERE tenant_id = :id").bind("id", id).execute();
            AuditDao.record(handle, actor, id, "tenant.delete", id, Map.of("keys", keys.size(), "adapters", adapters,
                    "vector_stores", stores, "files", files));
            return Optional.of(keys);
        });
    }
}
