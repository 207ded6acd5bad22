package graft.registry.costs;

import graft.registry.Database;
import graft.registry.tenant.AuditDao;
import graft.registry.tenant.Tenant;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Revisions of the cost book: added, never changed. Any thread may call; waits for the database. */
public final class CostBookDao {
    private final Database database;

    public CostBookDao(Database database) {
        this.database = database;
    }

    /** The newest revision; the first migration made one that says nothing. */
    public CostBook current() {
        return database.asOperator(CostBookDao::current);
    }

    static CostBook current(Handle handle) {
        CostBook empty = handle.createQuery("SELECT * FROM cost_revision ORDER BY revision DESC LIMIT 1")
                .map((row, context) -> new CostBook(row.getLong("revision"), row.getString("currency"), List.of()))
                .one();
        return new CostBook(empty.revision(), empty.currency(), handle.createQuery(
                "SELECT * FROM cost_item WHERE revision = :revision ORDER BY resource, device")
                .bind("revision", empty.revision()).map((row, context) -> new CostBook.Item(
                        CostBook.Resource.of(row.getString("resource")).orElseThrow(), row.getString("device"),
                        row.getLong("micros"))).list());
    }

    /** @param actor the key that asked, for the audit log */
    public CostBook put(String actor, String currency, List<CostBook.Item> items) {
        return database.asOperator(handle -> {
            long revision = handle.createQuery(
                    "INSERT INTO cost_revision (currency, created_by) VALUES (:currency, :actor) RETURNING revision")
                    .bind("currency", currency).bind("actor", actor).mapTo(Long.class).one();
            PreparedBatch batch = handle.prepareBatch(
                    "INSERT INTO cost_item VALUES (:revision, :resource, :device, :micros)");
            for (CostBook.Item item : items) {
                batch.bind("revision", revision).bind("resource", item.resource().word())
                        .bind("device", item.device()).bind("micros", item.micros()).add();
            }
            if (!items.isEmpty()) batch.execute();
            AuditDao.record(handle, actor, Tenant.OPERATOR, "costs.set", "costs/" + revision,
                    Map.of("currency", currency, "items", items.size()));
            return new CostBook(revision, currency, items);
        });
    }
}
