package graft.registry.usage;

import graft.registry.Columns;
import graft.registry.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Servers that share this database, each with a lease. What a dead one left open is settled from its last checkpoint by
 * whoever notices, in the transaction that also frees what it held. Any thread may call; waits for the database.
 */
public final class ProcessDao {
    private final Database database;

    public ProcessDao(Database database) {
        this.database = database;
    }

    /**
     * Starts or extends a lease.
     *
     * @param node the data folder, which one process at a time may use
     */
    public void beat(String processId, String node, Duration lease) {
        database.asOperator(handle -> handle.createUpdate("""
                INSERT INTO server_process (id, node, lease_until)
                VALUES (:id, :node, now() + :millis * interval '1 millisecond')
                ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until
                """)
                .bind("id", processId).bind("node", node).bind("millis", lease.toMillis()).execute());
    }

    /** Ends the lease of a server that has settled everything. */
    public void end(String processId) {
        database.asOperator(handle -> handle.createUpdate(
                "UPDATE server_process SET lease_until = '-infinity' WHERE id = :id").bind("id", processId).execute());
    }

    /**
     * Settles a bounded number of requests of one dead server: one whose lease ended, or an earlier one on the same
     * node, because a node runs one at a time.
     *
     * @return how many; empty if no dead server is left
     */
    public Optional<Integer> settleDead(String selfId, String node, int most) {
        return database.asOperator(handle -> {
            Optional<String> dead = handle.createQuery("""
                    SELECT id FROM server_process WHERE id <> :self AND (lease_until < now() OR node = :node)
                    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
                    """).bind("self", selfId).bind("node", node).mapTo(String.class).findOne();
            return dead.map(processId -> settleOpen(handle, processId, most));
        });
    }

    private static int settleOpen(Handle handle, String processId, int most) {
        Map<Long, PriceBook> prices = new HashMap<>();
        List<LedgerWrite.Settle> settles = new ArrayList<>();
        handle.createQuery("""
                SELECT * FROM usage_request WHERE process_id = :process AND state = 'open' LIMIT :most FOR UPDATE
                """)
                .bind("process", processId).bind("most", most)
                .map((row, context) -> new Left(new UsageRequest(row.getString("request_id"),
                        row.getString("tenant_id"), row.getString("key_id"), row.getString("operation"),
                        row.getString("base_id"), row.getString("adapter_name"), row.getInt("adapter_version"),
                        processId, row.getLong("price_revision"), Columns.instant(row, "opened_at")),
                        counters(row)))
                .list()
                .forEach(left -> settles.add(new LedgerWrite.Settle(left.request(), left.counters(),
                        prices.computeIfAbsent(left.request().priceRevision(),
                                revision -> PriceBookDao.read(handle, revision).orElseThrow()),
                        "crash", 0, LedgerWrite.Times.NONE)));
        if (!settles.isEmpty()) LedgerDao.settle(handle, settles);
        if (settles.size() < most) {
            handle.createUpdate("DELETE FROM admission_hold WHERE process_id = :id").bind("id", processId).execute();
            handle.createUpdate("DELETE FROM server_process WHERE id = :id").bind("id", processId).execute();
        }
        return settles.size();
    }

    private static Counters counters(ResultSet row) throws SQLException {
        Map<Component, Long> amounts = new EnumMap<>(Component.class);
        for (Component component : Component.values()) amounts.put(component, row.getLong(component.word()));
        return new Counters(amounts);
    }

    private record Left(UsageRequest request, Counters counters) {}
}
