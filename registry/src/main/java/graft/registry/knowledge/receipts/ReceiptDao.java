package graft.registry.knowledge.receipts;

import graft.registry.Columns;
import graft.registry.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.StatementContext;

/** Receipts of deletions; kept as long as the audit log. Any thread may call; every method is one transaction. */
public final class ReceiptDao {
    private static final String LIST = """
            SELECT * FROM deletion_receipt WHERE (:object::text IS NULL OR object_id = :object)
                AND (:after::text IS NULL OR number < (SELECT number FROM deletion_receipt WHERE id = :after))
            ORDER BY number DESC LIMIT :most""";
    private final Database database;

    public ReceiptDao(Database database) {
        this.database = database;
    }

    static void insert(Handle handle, DeletionReceipt one) {
        DeletionReceipt.Counts counts = one.removed();
        handle.createUpdate("""
                INSERT INTO deletion_receipt (id, tenant_id, created_at, actor, kind, object_id, store_ids, documents,
                    revisions, chunks, vectors, postings, pinned_prefixes, bytes, listed, revisions_digest, digest)
                VALUES (:id, :tenant, :at, :actor, :kind, :object, :stores, :documents, :revisions, :chunks, :vectors,
                    :postings, :prefixes, :bytes, :listed::jsonb, :revisionsDigest, :digest)""")
                .bind("id", one.id()).bind("tenant", one.tenantId()).bind("at", one.createdAt())
                .bind("actor", one.actor()).bind("kind", one.kind().word()).bind("object", one.objectId())
                .bind("stores", one.storeIds().toArray(String[]::new)).bind("documents", counts.documents())
                .bind("revisions", counts.revisions()).bind("chunks", counts.chunks())
                .bind("vectors", counts.vectors()).bind("postings", counts.postings())
                .bind("prefixes", counts.pinnedPrefixes()).bind("bytes", counts.bytes()).bind("listed", one.listed())
                .bind("revisionsDigest", one.revisionsDigest()).bind("digest", one.digest()).execute();
    }

    /** One of the tenant's own. */
    public Optional<DeletionReceipt> find(String tenantId, String id) {
        return database.asTenant(tenantId, handle -> find(handle, id));
    }

    /** Anybody's: for the admin scope. */
    public Optional<DeletionReceipt> findAny(String id) {
        return database.asOperator(handle -> find(handle, id));
    }

    private static Optional<DeletionReceipt> find(Handle handle, String id) {
        return handle.createQuery("SELECT * FROM deletion_receipt WHERE id = :id").bind("id", id)
                .map(ReceiptDao::row).findOne();
    }

    /** Newest first. @param objectId only of this file or store; @param after id of the receipt before the page */
    public List<DeletionReceipt> list(String tenantId, Optional<String> objectId, Optional<String> after, int most) {
        return database.asTenant(tenantId, handle -> list(handle.createQuery(LIST), objectId, after, most));
    }

    /** Of all tenants: for the admin scope. */
    public List<DeletionReceipt> listAll(Optional<String> objectId, Optional<String> after, int most) {
        return database.asOperator(handle -> list(handle.createQuery(LIST), objectId, after, most));
    }

    private static List<DeletionReceipt> list(Query query, Optional<String> objectId, Optional<String> after,
            int most) {
        return query.bind("object", objectId.orElse(null)).bind("after", after.orElse(null)).bind("most", most)
                .map(ReceiptDao::row).list();
    }

    private static DeletionReceipt row(ResultSet rows, StatementContext context) throws SQLException {
        return new DeletionReceipt(rows.getString("id"), rows.getString("tenant_id"),
                Columns.instant(rows, "created_at"), rows.getString("actor"),
                DeletionReceipt.Kind.of(rows.getString("kind")), rows.getString("object_id"),
                List.of((String[]) rows.getArray("store_ids").getArray()),
                new DeletionReceipt.Counts(rows.getLong("documents"), rows.getLong("revisions"),
                        rows.getLong("chunks"), rows.getLong("vectors"), rows.getLong("postings"),
                        rows.getLong("pinned_prefixes"), rows.getLong("bytes")),
                rows.getString("listed"), rows.getString("revisions_digest"), rows.getString("digest"));
    }
}
