package graft.registry.knowledge.receipts;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import graft.registry.Columns;
import graft.registry.Ids;
import graft.registry.tenant.AuditDao;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jdbi.v3.core.Handle;

/**
 * Counts what a deletion is about to remove, in its transaction and under its locks, and makes the receipt of it.
 * Belongs to that transaction's thread.
 *
 * <p>The digest of the revisions is SHA-256 over a line {@code <revision> <file> <store> <SHA-256 of the text>} for
 * each, in the order in which they were removed: by document, then by revision.
 */
public final class Removal {
    /** Of the revisions named in a receipt; a store may have had 100,000. */
    private static final int MOST_LISTED = 100;
    private static final JsonFactory JSON = new JsonFactory();
    private static final String REVISIONS = """
            SELECT r.id, d.file_id, s.id AS store_id, octet_length(r.body) AS bytes,
                encode(coalesce(r.text_sha256, sha256(convert_to(r.body, 'UTF8'))), 'hex') AS hash,
                (SELECT count(*) FROM chunk c WHERE c.revision = r.number) AS chunks,
                (SELECT count(*) FROM embedding e WHERE e.revision = r.number)
                    + (SELECT count(*) FROM embedding_next n JOIN chunk c ON c.number = n.chunk
                       WHERE c.revision = r.number) AS vectors
            FROM document d JOIN vector_store s ON s.number = d.store JOIN document_revision r ON r.document = d.number
            WHERE %s ORDER BY d.number, r.number""";
    private final MessageDigest digest = DeletionReceipt.sha256();
    private final TreeSet<String> stores = new TreeSet<>();
    private final List<Revision> listed = new ArrayList<>();
    private long documents;
    private long revisions;
    private long chunks;
    private long vectors;
    private long postings;
    private long prefixes;
    private long bytes;

    private record Revision(String id, String fileId, String storeId, String hash) {}

    /** How many documents were counted. */
    public long documents() {
        return documents;
    }

    /** The prompts that began with these stores as they stand; before anything is taken out of them. */
    public void prefixes(Handle handle, Collection<Long> numbers) {
        stores.addAll(handle.createQuery("SELECT id FROM vector_store WHERE number = ANY(:stores)")
                .bind("stores", numbers.toArray(Long[]::new)).mapTo(String.class).list());
        prefixes += handle.createQuery("""
                SELECT count(DISTINCT (r.stores, r.filters)) FROM retrieval r JOIN vector_store s
                    ON r.stores @> jsonb_build_array(jsonb_build_object('id', s.id, 'revision', s.revision))
                WHERE r.mode = 'pinned' AND s.number = ANY(:stores)""")
                .bind("stores", numbers.toArray(Long[]::new)).mapTo(Long.class).one();
    }

    /** One document with what its revisions hold; its postings are counted where they are deleted. */
    public void document(Handle handle, long number) {
        documents++;
        revisions(handle, "d.number = :number", number);
    }

    /** All documents of a store, with their postings. */
    public void store(Handle handle, long number) {
        prefixes(handle, List.of(number));
        documents += count(handle, "document", number);
        postings += count(handle, "posting", number);
        revisions(handle, "d.store = :number", number);
    }

    private static long count(Handle handle, String table, long store) {
        return handle.createQuery("SELECT count(*) FROM " + table + " WHERE store = :store").bind("store", store)
                .mapTo(Long.class).one();
    }

    private void revisions(Handle handle, String condition, long number) {
        handle.createQuery(REVISIONS.formatted(condition)).bind("number", number).setFetchSize(1000)
                .map((rows, context) -> revision(rows)).forEach(this::add);
    }

    private Revision revision(ResultSet rows) throws SQLException {
        chunks += rows.getLong("chunks");
        vectors += rows.getLong("vectors");
        bytes += rows.getLong("bytes");
        return new Revision(rows.getString("id"), rows.getString("file_id"), rows.getString("store_id"),
                rows.getString("hash"));
    }

    private void add(Revision one) {
        revisions++;
        digest.update((one.id + " " + one.fileId + " " + one.storeId + " " + one.hash + "\n")
                .getBytes(StandardCharsets.UTF_8));
        if (listed.size() < MOST_LISTED) listed.add(one);
    }

    /** Rows of the lexical index. */
    public void postings(long rows) {
        postings += rows;
    }

    /** A file's own bytes. */
    public void file(long size) {
        bytes += size;
    }

    /** Writes the receipt and its entry in the audit log. */
    public DeletionReceipt record(Handle handle, String tenantId, String actor, DeletionReceipt.Kind kind,
            String objectId) {
        Instant now = handle.createQuery("SELECT now() AS now").map((rows, context) -> Columns.instant(rows, "now"))
                .one();
        DeletionReceipt unsigned = new DeletionReceipt(Ids.next("del_"), tenantId, now, actor, kind, objectId,
                List.copyOf(stores), new DeletionReceipt.Counts(documents, revisions, chunks, vectors, postings,
                prefixes, bytes), json(), HexFormat.of().formatHex(digest.digest()), "");
        DeletionReceipt receipt = new DeletionReceipt(unsigned.id(), tenantId, now, actor, kind, objectId,
                unsigned.storeIds(), unsigned.removed(), unsigned.listed(), unsigned.revisionsDigest(),
                DeletionReceipt.digestOf(unsigned));
        ReceiptDao.insert(handle, receipt);
        AuditDao.record(handle, actor, tenantId, kind == DeletionReceipt.Kind.EXPIRED_STORE ? "vector_store.expire"
                : kind.word() + ".delete", objectId, Map.of("receipt", receipt.id(), "digest", receipt.digest(),
                "documents", documents, "chunks", chunks, "vectors", vectors, "postings", postings,
                "pinned_prefixes", prefixes));
        return receipt;
    }

    private String json() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartArray();
            for (Revision one : listed) {
                json.writeStartObject();
                json.writeStringField("revision", one.id);
                json.writeStringField("file_id", one.fileId);
                json.writeStringField("vector_store_id", one.storeId);
                json.writeStringField("text_sha256", one.hash);
                json.writeEndObject();
            }
            json.writeEndArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }
}
