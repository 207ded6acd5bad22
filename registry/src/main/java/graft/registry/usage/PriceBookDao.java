package graft.registry.usage;

import graft.registry.Database;
import graft.registry.tenant.AuditDao;
import graft.registry.tenant.Tenant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Revisions of the price book: added, never changed. Any thread may call; every method waits for the database. */
public final class PriceBookDao {
    private final Database database;

    public PriceBookDao(Database database) {
        this.database = database;
    }

    /** The newest revision; the first migration made one. */
    public PriceBook current() {
        return database.asNobody(handle -> read(handle, handle.createQuery("SELECT max(revision) FROM price_revision")
                .mapTo(Long.class).one()).orElseThrow());
    }

    public Optional<PriceBook> find(long revision) {
        return database.asNobody(handle -> read(handle, revision));
    }

    static Optional<PriceBook> read(Handle handle, long revision) {
        Optional<String> currency = handle.createQuery("SELECT currency FROM price_revision WHERE revision = :revision")
                .bind("revision", revision).mapTo(String.class).findOne();
        if (currency.isEmpty()) return Optional.empty();
        List<PriceBook.Item> items = handle.createQuery("""
                SELECT * FROM price_item WHERE revision = :revision ORDER BY component, base, adapter
                """)
                .bind("revision", revision)
                .map((row, context) -> new PriceBook.Item(Component.of(row.getString("component")).orElseThrow(),
                        row.getString("base"), row.getString("adapter"), row.getLong("micros_per_million")))
                .list();
        return Optional.of(new PriceBook(revision, currency.get(), items));
    }

    /**
     * Adds a revision that counts for requests opened from now on.
     *
     * @param actor the key that asked, for the audit log
     */
    public PriceBook put(String actor, String currency, List<PriceBook.Item> items) {
        return database.asOperator(handle -> {
            long revision = handle.createQuery("""
                    INSERT INTO price_revision (currency, created_by) VALUES (:currency, :actor) RETURNING revision
                    """).bind("currency", currency).bind("actor", actor).mapTo(Long.class).one();
            PreparedBatch batch = handle.prepareBatch("""
                    INSERT INTO price_item (revision, component, base, adapter, micros_per_million)
                    VALUES (:revision, :component, :base, :adapter, :price)
                    """);
            for (PriceBook.Item item : items) {
                batch.bind("revision", revision).bind("component", item.component().word()).bind("base", item.base())
                        .bind("adapter", item.adapter()).bind("price", item.microsPerMillion()).add();
            }
            if (!items.isEmpty()) batch.execute();
            AuditDao.record(handle, actor, Tenant.OPERATOR, "prices.set", "prices/" + revision,
                    Map.of("currency", currency, "items", items.size()));
            return new PriceBook(revision, currency, items);
        });
    }
}
