package graft.registry.knowledge.uploads;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.Ids;
import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.SqlArray;
import graft.registry.knowledge.StoredFile;
import graft.registry.knowledge.uploads.Upload.Changed;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * Uploads in parts. A part is stored as it comes; completing one makes a file of the parts that are named, in their
 * order, and forgets them all. Any thread may call; every method is one transaction.
 */
public final class UploadDao {
    private static final int PIECE_BYTES = 1 << 20;
    private static final String SELECT = """
            SELECT id, filename, purpose, bytes, created_at, expires_at, file_id,
                CASE WHEN status = 'pending' AND expires_at <= now() THEN 'expired' ELSE status END AS status
            FROM upload WHERE id = :id""";
    private final Database database;

    public UploadDao(Database database) {
        this.database = database;
    }

    /** @param bytes of all parts together; @param lifetime of the file it becomes; empty for ever */
    public record NewUpload(String filename, String purpose, long bytes, String mimeType,
            Optional<Duration> lifetime) {}

    /** @param life how long parts may come; @param most uploads of one tenant that may be pending */
    public Changed create(String tenantId, NewUpload upload, Duration life, int most) {
        String id = Ids.next("upload_");
        return database.asTenant(tenantId, handle -> {
            handle.createQuery("SELECT pg_advisory_xact_lock(hashtextextended('uploads ' || :tenant, 0))::text")
                    .bind("tenant", tenantId).mapTo(String.class).one();
            int pending = handle.createQuery(
                    "SELECT count(*) FROM upload WHERE status = 'pending' AND expires_at > now()")
                    .mapTo(Integer.class).one();
            if (pending >= most) return new Changed.TooManyPending(most);
            handle.createUpdate("""
                    INSERT INTO upload (id, tenant_id, filename, purpose, bytes, mime_type, lifetime_seconds,
                        expires_at)
                    VALUES (:id, :tenant, :filename, :purpose, :bytes, :type, :lifetime,
                        now() + make_interval(secs => :life))""")
                    .bind("id", id).bind("tenant", tenantId).bind("filename", upload.filename())
                    .bind("purpose", upload.purpose()).bind("bytes", upload.bytes()).bind("type", upload.mimeType())
                    .bind("lifetime", upload.lifetime().map(Duration::toSeconds).orElse(null))
                    .bind("life", life.toSeconds()).execute();
            return new Changed.Done(find(handle, id).orElseThrow());
        });
    }

    /** @param content read to its end while a connection is held, so it must come from disk or memory */
    public Changed add(String tenantId, String uploadId, InputStream content) {
        String id = Ids.next("part_");
        return database.asTenant(tenantId, handle -> pending(handle, uploadId).orElseGet(() -> {
            Upload upload = find(handle, uploadId).orElseThrow();
            handle.execute("INSERT INTO upload_part (id, tenant_id, upload_id, bytes) VALUES (?, ?, ?, 0)", id,
                    tenantId, uploadId);
            handle.execute("UPDATE upload_part SET bytes = ? WHERE id = ?", insert(handle, tenantId, id, content), id);
            long all = handle.createQuery("SELECT sum(bytes) FROM upload_part WHERE upload_id = :id")
                    .bind("id", uploadId).mapTo(Long.class).one();
            if (all > upload.bytes()) {
                handle.execute("DELETE FROM upload_part WHERE id = ?", id);
                return new Changed.TooManyBytes(upload.bytes());
            }
            return new Changed.Added(handle.createQuery("SELECT created_at FROM upload_part WHERE id = :id")
                    .bind("id", id).map((rows, context) -> new Upload.Part(id, uploadId,
                            Columns.instant(rows, "created_at"))).one());
        }));
    }

    private static long insert(Handle handle, String tenantId, String part, InputStream content) {
        try {
            long bytes = 0;
            int ordinal = 0;
            for (byte[] piece = content.readNBytes(PIECE_BYTES); piece.length > 0;
                    piece = content.readNBytes(PIECE_BYTES)) {
                handle.execute("INSERT INTO upload_piece (part_id, tenant_id, ordinal, content) VALUES (?, ?, ?, ?)",
                        part, tenantId, ordinal++, piece);
                bytes += piece.length;
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * @param parts in the order of the file; each once
     * @param md5   of the whole file in hexadecimal digits, if it is to be compared
     * @throws FileDao.StorageLimitException when the tenant's files would pass its limit
     */
    public Changed complete(String tenantId, String uploadId, List<String> parts, Optional<String> md5) {
        return database.asTenant(tenantId, handle -> pending(handle, uploadId).orElseGet(() -> {
            Upload upload = find(handle, uploadId).orElseThrow();
            Map<String, Long> sizes = new HashMap<>();
            handle.createQuery("SELECT id, bytes FROM upload_part WHERE upload_id = :id AND id = ANY(:parts)")
                    .bind("id", uploadId).bind("parts", SqlArray.texts(parts))
                    .map((rows, context) -> sizes.put(rows.getString(1), rows.getLong(2))).list();
            for (String part : parts) if (!sizes.containsKey(part)) return new Changed.NoSuchPart(part);
            long bytes = parts.stream().mapToLong(sizes::get).sum();
            if (bytes != upload.bytes()) return new Changed.OtherBytes(upload.bytes(), bytes);
            PartsStream content = new PartsStream(handle, parts);
            StoredFile file = FileDao.create(handle, tenantId, new FileDao.NewFile(upload.filename(), upload.purpose(),
                    lifetime(handle, uploadId)), content);
            if (md5.isPresent() && !content.md5().equalsIgnoreCase(md5.get())) {
                handle.execute("DELETE FROM file WHERE id = ?", file.id());
                return new Changed.OtherDigest(content.md5());
            }
            handle.execute("DELETE FROM upload_part WHERE upload_id = ?", uploadId);
            handle.execute("UPDATE upload SET status = 'completed', file_id = ? WHERE id = ?", file.id(), uploadId);
            return new Changed.Done(find(handle, uploadId).orElseThrow());
        }));
    }

    private static Optional<Duration> lifetime(Handle handle, String uploadId) {
        return handle.createQuery(
                "SELECT lifetime_seconds FROM upload WHERE id = :id AND lifetime_seconds IS NOT NULL")
                .bind("id", uploadId).mapTo(Long.class).findOne().map(Duration::ofSeconds);
    }

    /** Forgets its parts. */
    public Changed cancel(String tenantId, String uploadId) {
        return database.asTenant(tenantId, handle -> pending(handle, uploadId).orElseGet(() -> {
            handle.execute("DELETE FROM upload_part WHERE upload_id = ?", uploadId);
            handle.execute("UPDATE upload SET status = 'cancelled' WHERE id = ?", uploadId);
            return new Changed.Done(find(handle, uploadId).orElseThrow());
        }));
    }

    /** Forgets uploads whose time is over, of all tenants. @return how many */
    public int purge(int limit) {
        return database.asOperator(handle -> handle.createUpdate("""
                DELETE FROM upload WHERE id IN (SELECT id FROM upload WHERE expires_at < now() LIMIT :limit)""")
                .bind("limit", limit).execute());
    }

    /** Locks it. @return why it can't be changed; empty if it can */
    private static Optional<Changed> pending(Handle handle, String id) {
        handle.createQuery("SELECT id FROM upload WHERE id = :id FOR UPDATE").bind("id", id).mapTo(String.class).list();
        Optional<Upload> upload = find(handle, id);
        if (upload.isEmpty()) return Optional.of(new Changed.NoSuchUpload());
        return upload.filter(one -> one.status() != Upload.Status.PENDING)
                .map(one -> new Changed.NotPending(one.status()));
    }

    private static Optional<Upload> find(Handle handle, String id) {
        return handle.createQuery(SELECT).bind("id", id).map(UploadDao::row).findOne();
    }

    private static Upload row(ResultSet rows, StatementContext context) throws SQLException {
        return new Upload(rows.getString("id"), rows.getString("filename"), rows.getString("purpose"),
                rows.getLong("bytes"), Upload.Status.valueOf(rows.getString("status").toUpperCase(Locale.ROOT)),
                Columns.instant(rows, "created_at"), Columns.instant(rows, "expires_at"),
                Columns.optionalText(rows, "file_id"));
    }
}
