package graft.registry.knowledge;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.Ids;
import graft.registry.knowledge.receipts.DeletionReceipt;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/** Files in stores and batches of them. Any thread may call; every method is one transaction. */
public final class DocumentDao {
    private static final String SELECT = """
            SELECT d.number, s.id AS store_id, d.file_id, f.filename, d.status, d.error_code, d.error_message,
                d.attributes::text AS attributes, d.chunk_tokens, d.overlap_tokens, d.usage_bytes, d.created_at,
                f.source_url
            FROM document d JOIN vector_store s ON s.number = d.store JOIN file f ON f.id = d.file_id
            WHERE s.id = :store""";
    private final Database database;
    private final Bounds bounds;

    /**
     * @param documentsPerStore most files one store may hold
     * @param queuedPerTenant   most documents of one tenant that may wait for ingestion
     */
    public record Bounds(int documentsPerStore, int queuedPerTenant) {}

    public DocumentDao(Database database, Bounds bounds) {
        this.database = database;
        this.bounds = bounds;
    }

    /**
     * @param attributes JSON object as text
     * @param source     where a file that is not there yet will be read from
     */
    public record NewDocument(String fileId, String attributes, Document.Chunking chunking,
            Optional<WebSource> source) {
        public NewDocument(String fileId, String attributes, Document.Chunking chunking) {
            this(fileId, attributes, chunking, Optional.empty());
        }

        /** A file that is yet to be read from the web; its id is made here. */
        public static NewDocument of(WebSource source, String attributes, Document.Chunking chunking) {
            return new NewDocument(Ids.next("file-"), attributes, chunking, Optional.of(source));
        }
    }

    /** @param filename until the content says how it is read */
    public record WebSource(String url, String filename) {}

    /** What came of a wish to put files into a store. */
    public sealed interface Attached {
        /** @param batchId empty unless a batch was asked for */
        record Accepted(Optional<String> batchId) implements Attached {}

        record NoSuchStore() implements Attached {}

        record NoSuchFile(String fileId) implements Attached {}

        record StoreFull(int most) implements Attached {}

        record QueueFull(int most) implements Attached {}
    }

    /** A batch: {@code vsfb_...}. */
    public record Batch(String id, String storeId, boolean cancelled, Instant createdAt,
            KnowledgeStore.FileCounts files) {}

    /**
     * Puts files into a store and their ingestion into the queue; all or none. A file that is there already is
     * indexed anew, and its present revision is found until then.
     */
    public Attached attach(String tenantId, String storeId, List<NewDocument> documents, boolean asBatch) {
        return database.asTenant(tenantId, handle -> {
            // Files before stores, the order in which a file's deletion locks. Asked for here at all, because a foreign
            // key is checked without row-level security.
            Set<String> files = Set.copyOf(handle.createQuery(
                    "SELECT id FROM file WHERE id = ANY(:ids) ORDER BY id FOR KEY SHARE")
                    .bind("ids", SqlArray.texts(documents.stream().map(NewDocument::fileId).toList()))
                    .mapTo(String.class).list());
            Optional<Long> store = handle.createQuery(
                    "SELECT number FROM vector_store WHERE id = :id FOR NO KEY UPDATE")
                    .bind("id", storeId).mapTo(Long.class).findOne();
            if (store.isEmpty()) return new Attached.NoSuchStore();
            for (NewDocument document : documents) {
                if (document.source().isEmpty() && !files.contains(document.fileId()))
                    return new Attached.NoSuchFile(document.fileId());
            }
            int held = count(handle, "document WHERE store = " + store.get());
            if (held + documents.size() > bounds.documentsPerStore()) {
                return new Attached.StoreFull(bounds.documentsPerStore());
            }
            if (count(handle, "ingestion_job") + documents.size() > bounds.queuedPerTenant()) {
                return new Attached.QueueFull(bounds.queuedPerTenant());
            }
            Optional<String> batch = asBatch
                    ? Optional.of(insertBatch(handle, tenantId, store.get())) : Optional.empty();
            for (NewDocument document : documents) {
                document.source().ifPresent(source -> FileDao.expect(handle, tenantId, document.fileId(), source));
                insert(handle, tenantId, store.get(), document, batch);
            }
            return new Attached.Accepted(batch);
        });
    }

    private static int count(Handle handle, String from) {
        return handle.createQuery("SELECT count(*) FROM " + from).mapTo(Integer.class).one();
    }

    private static String insertBatch(Handle handle, String tenantId, long store) {
        String id = Ids.next("vsfb_");
        handle.execute("INSERT INTO file_batch (id, tenant_id, store) VALUES (?, ?, ?)", id, tenantId, store);
        return id;
    }

    private static void insert(Handle handle, String tenantId, long store, NewDocument document,
            Optional<String> batch) {
        long number = handle.createQuery("""
                INSERT INTO document (tenant_id, store, file_id, batch_id, status, attributes, chunk_tokens,
                    overlap_tokens)
                VALUES (:tenant, :store, :file, :batch, 'in_progress', :attributes::jsonb, :tokens, :overlap)
                ON CONFLICT (store, file_id) DO UPDATE SET status = 'in_progress', error_code = NULL,
                    error_message = NULL, batch_id = excluded.batch_id, attributes = excluded.attributes,
                    chunk_tokens = excluded.chunk_tokens, overlap_tokens = excluded.overlap_tokens
                RETURNING number""")
                .bind("tenant", tenantId).bind("store", store).bind("file", document.fileId())
                .bind("batch", batch.orElse(null)).bind("attributes", document.attributes())
                .bind("tokens", document.chunking().maxTokens()).bind("overlap", document.chunking().overlapTokens())
                .mapTo(Long.class).one();
        dropUnfinished(handle, number);
        handle.execute("INSERT INTO ingestion_job (document, tenant_id) VALUES (?, ?)", number, tenantId);
    }

    /** Ends a document's ingestion: its worker finds no job any more and gives up what it built so far. */
    private static void dropUnfinished(Handle handle, long document) {
        handle.execute("DELETE FROM ingestion_job WHERE document = ?", document);
        handle.execute("""
                DELETE FROM document_revision r USING document d
                WHERE d.number = ? AND r.document = d.number AND r.number IS DISTINCT FROM d.visible_revision""",
                document);
    }

    public Optional<Document> find(String tenantId, String storeId, String fileId) {
        return database.asTenant(tenantId, handle -> handle.createQuery(SELECT + " AND d.file_id = :file")
                .bind("store", storeId).bind("file", fileId).map(DocumentDao::row).findOne());
    }

    /**
     * Which files of a store, and by what they are ordered; the file's id settles ties.
     *
     * @param batchId    only files of this batch
     * @param status     only files that stand there
     * @param containing a part of the file's name, upper and lower case alike
     */
    public record Wanted(Optional<String> batchId, Optional<Document.Status> status, Optional<String> containing,
            Order order) {}

    /** What the files of a store can be ordered by. */
    public enum Order {
        CREATED("d.created_at"), NAME("lower(f.filename)"), SIZE("d.usage_bytes");

        private final String column;

        Order(String column) {
            this.column = column;
        }
    }

    public List<Document> list(String tenantId, String storeId, Wanted wanted, Paging paging) {
        String key = wanted.order().column;
        String cursor = "SELECT " + key.replace("d.", "c.").replace("f.", "cf.") + ", c.file_id FROM document c"
                + " JOIN file cf ON cf.id = c.file_id WHERE c.store = s.number AND c.file_id = :cursor";
        String sql = SELECT + " AND (:batch::text IS NULL OR d.batch_id = :batch)"
                + " AND (:status::text IS NULL OR d.status = :status)"
                + " AND (:containing::text IS NULL OR position(lower(:containing) IN lower(f.filename)) > 0)"
                + paging.sql(key + ", d.file_id", cursor);
        return database.asTenant(tenantId, handle -> paging.fetch(handle.createQuery(sql).bind("store", storeId)
                .bind("batch", wanted.batchId().orElse(null)).bind("containing", wanted.containing().orElse(null))
                .bind("status", wanted.status().map(DocumentDao::word).orElse(null)), DocumentDao::row));
    }

    /** Filters see the new attributes at once. @param attributes JSON object as text */
    public Optional<Document> changeAttributes(String tenantId, String storeId, String fileId, String attributes) {
        database.asTenant(tenantId, handle -> handle.createUpdate("""
                UPDATE document SET attributes = :attributes::jsonb WHERE file_id = :file
                    AND store = (SELECT number FROM vector_store WHERE id = :store)""")
                .bind("attributes", attributes).bind("file", fileId).bind("store", storeId).execute());
        return find(tenantId, storeId, fileId);
    }

    /**
     * Takes a file out of a store with its chunks, vectors and postings; the file stays.
     *
     * @param actor the key's id
     * @return empty if it is not there
     */
    public Optional<DeletionReceipt> detach(String tenantId, String storeId, String fileId, String actor) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT d.number FROM document d JOIN vector_store s ON s.number = d.store
                WHERE s.id = :store AND d.file_id = :file""").bind("store", storeId).bind("file", fileId)
                .mapTo(Long.class).findOne().map(number -> LexicalIndex.removeAll(handle, "number = :key", number))
                .filter(removal -> removal.documents() > 0)
                .map(removal -> removal.record(handle, tenantId, actor, DeletionReceipt.Kind.DOCUMENT, fileId)));
    }

    /** The stored text of the visible revision. Empty if the file is not in the store or has none yet. */
    public Optional<String> text(String tenantId, String storeId, String fileId) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT r.body FROM document d JOIN vector_store s ON s.number = d.store
                    JOIN document_revision r ON r.number = d.visible_revision
                WHERE s.id = :store AND d.file_id = :file""").bind("store", storeId).bind("file", fileId)
                .mapTo(String.class).findOne());
    }

    public Optional<Batch> findBatch(String tenantId, String storeId, String batchId) {
        return database.asTenant(tenantId, handle -> findBatch(handle, storeId, batchId));
    }

    private static Optional<Batch> findBatch(Handle handle, String storeId, String batchId) {
        return handle.createQuery("""
                SELECT b.id, s.id AS store_id, b.cancelled AS was_cancelled, b.created_at,
                    count(d.number) FILTER (WHERE d.status = 'in_progress') AS in_progress,
                    count(d.number) FILTER (WHERE d.status = 'completed') AS completed,
                    count(d.number) FILTER (WHERE d.status = 'failed') AS failed,
                    count(d.number) FILTER (WHERE d.status = 'cancelled') AS cancelled
                FROM file_batch b JOIN vector_store s ON s.number = b.store LEFT JOIN document d ON d.batch_id = b.id
                WHERE b.id = :batch AND s.id = :store GROUP BY b.id, s.id""")
                .bind("batch", batchId).bind("store", storeId).map((rows, context) -> new Batch(rows.getString("id"),
                        rows.getString("store_id"), rows.getBoolean("was_cancelled"),
                        Columns.instant(rows, "created_at"), StoreDao.counts(rows))).findOne();
    }

    /** Stops what of a batch has not been indexed yet. */
    public Optional<Batch> cancelBatch(String tenantId, String storeId, String batchId) {
        return database.asTenant(tenantId, handle -> {
            if (findBatch(handle, storeId, batchId).isEmpty()) return Optional.<Batch>empty();
            handle.createQuery("SELECT number FROM document WHERE batch_id = :batch AND status = 'in_progress'")
                    .bind("batch", batchId).mapTo(Long.class).list()
                    .forEach(document -> dropUnfinished(handle, document));
            handle.execute("UPDATE document SET status = 'cancelled' WHERE batch_id = ? AND status = 'in_progress'",
                    batchId);
            handle.execute("UPDATE file_batch SET cancelled = true WHERE id = ?", batchId);
            return findBatch(handle, storeId, batchId);
        });
    }

    private static Document row(ResultSet rows, StatementContext context) throws SQLException {
        String message = rows.getString("error_message");
        String code = rows.getString("error_code");
        return new Document(rows.getLong("number"), rows.getString("store_id"), rows.getString("file_id"),
                rows.getString("filename"), Document.Status.valueOf(rows.getString("status").toUpperCase(Locale.ROOT)),
                code == null ? Optional.empty() : Optional.of(new Document.IngestionError(code, message)),
                rows.getString("attributes"),
                new Document.Chunking(rows.getInt("chunk_tokens"), rows.getInt("overlap_tokens")),
                rows.getLong("usage_bytes"), Columns.instant(rows, "created_at"),
                Columns.optionalText(rows, "source_url"));
    }

    private static String word(Document.Status status) {
        return status.name().toLowerCase(Locale.ROOT);
    }
}
