package graft.registry.knowledge;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.Ids;
import graft.registry.knowledge.receipts.DeletionReceipt;
import graft.registry.knowledge.receipts.Removal;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/** Uploaded files and their bytes. Any thread may call; every method is one transaction. */
public final class FileDao {
    private static final int PIECE_BYTES = 1 << 20;
    private static final String COLUMNS = "SELECT id, filename, purpose, bytes, created_at, expires_at, source_url"
            + " FROM file";
    private final Database database;

    public FileDao(Database database) {
        this.database = database;
    }

    /** @param lifetime how long the file is kept; empty for as long as nobody deletes it */
    public record NewFile(String filename, String purpose, Optional<Duration> lifetime) {}

    /** The tenant's limit on stored bytes would be passed; nothing was stored. */
    public static final class StorageLimitException extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final long most;

        StorageLimitException(long most) {
            super("storage_bytes " + most, null, false, false);
            this.most = most;
        }

        public long most() {
            return most;
        }
    }

    /**
     * @param content read to its end while a connection is held, so it must come from disk or memory
     * @throws StorageLimitException when files and adapters together would pass the tenant's limit
     */
    public StoredFile create(String tenantId, NewFile file, InputStream content) {
        return database.asTenant(tenantId, handle -> create(handle, tenantId, file, content));
    }

    /** The same within the tenant's transaction. */
    public static StoredFile create(Handle handle, String tenantId, NewFile file, InputStream content) {
        String id = Ids.next("file-");
        handle.createUpdate("""
                INSERT INTO file (id, tenant_id, filename, purpose, bytes, sha256, expires_at)
                VALUES (:id, :tenant, :filename, :purpose, 0, '', now() + make_interval(secs => :lifetime))""")
                .bind("id", id).bind("tenant", tenantId).bind("filename", file.filename())
                .bind("purpose", file.purpose())
                .bind("lifetime", file.lifetime().map(Duration::toSeconds).orElse(null)).execute();
        insertPieces(handle, tenantId, id, content);
        refuseOverLimit(handle, tenantId);
        return find(handle, id).orElseThrow();
    }

    /** Makes room for a file that will be read from the web. */
    static void expect(Handle handle, String tenantId, String id, DocumentDao.WebSource source) {
        handle.createUpdate("""
                INSERT INTO file (id, tenant_id, filename, purpose, bytes, sha256, source_url)
                VALUES (:id, :tenant, :filename, 'assistants', 0, '', :url)""")
                .bind("id", id).bind("tenant", tenantId).bind("filename", source.filename())
                .bind("url", source.url()).execute();
    }

    /**
     * Puts in what was read from the web; nothing if the file is gone or has its content.
     *
     * @throws StorageLimitException when files and adapters together would pass the tenant's limit
     */
    public void fill(String tenantId, String id, String filename, InputStream content) {
        database.<Void>asTenant(tenantId, handle -> {
            int waited = handle.createUpdate("""
                    UPDATE file SET filename = :filename, fetched_at = now()
                    WHERE id = :id AND source_url IS NOT NULL AND fetched_at IS NULL""")
                    .bind("filename", filename).bind("id", id).execute();
            if (waited == 0) return null;
            insertPieces(handle, tenantId, id, content);
            refuseOverLimit(handle, tenantId);
            return null;
        });
    }

    private static void insertPieces(Handle handle, String tenantId, String id, InputStream content) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            long bytes = 0;
            int ordinal = 0;
            for (byte[] piece = content.readNBytes(PIECE_BYTES); piece.length > 0;
                    piece = content.readNBytes(PIECE_BYTES)) {
                digest.update(piece);
                bytes += piece.length;
                handle.execute("INSERT INTO file_piece (tenant_id, file_id, ordinal, content) VALUES (?, ?, ?, ?)",
                        tenantId, id, ordinal++, piece);
            }
            handle.execute("UPDATE file SET bytes = ?, sha256 = ? WHERE id = ?", bytes, digest.digest(), id);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Last, under a lock of the tenant's own, so that uploads beside each other can't pass the limit together. */
    private static void refuseOverLimit(Handle handle, String tenantId) {
        Optional<Long> most = handle.createQuery(
                "SELECT storage_bytes FROM tenant_limits WHERE tenant_id = :tenant AND storage_bytes IS NOT NULL")
                .bind("tenant", tenantId).mapTo(Long.class).findOne();
        if (most.isEmpty()) return;
        handle.createQuery("SELECT pg_advisory_xact_lock(hashtextextended('storage ' || :tenant, 0))::text")
                .bind("tenant", tenantId).mapTo(String.class).one();
        long used = handle.createQuery("""
                SELECT (SELECT coalesce(sum(bytes), 0) FROM file WHERE tenant_id = :tenant)
                    + (SELECT coalesce(sum(size_bytes), 0) FROM adapter_version WHERE tenant_id = :tenant)""")
                .bind("tenant", tenantId).mapTo(Long.class).one();
        if (used > most.get()) throw new StorageLimitException(most.get());
    }

    /** Deletes all files of a tenant that is deleted, after its stores. In the operator's transaction. @return how many */
    public static int deleteAll(Handle handle, String tenantId) {
        return handle.execute("DELETE FROM file WHERE tenant_id = ?", tenantId);
    }

    public Optional<StoredFile> find(String tenantId, String id) {
        return database.asTenant(tenantId, handle -> find(handle, id));
    }

    private static Optional<StoredFile> find(Handle handle, String id) {
        return handle.createQuery(COLUMNS + " WHERE id = :id").bind("id", id).map(FileDao::row).findOne();
    }

    /** @param purpose only files of this purpose; empty for all */
    public List<StoredFile> list(String tenantId, Optional<String> purpose, Paging paging) {
        String sql = COLUMNS + " WHERE (:purpose::text IS NULL OR purpose = :purpose)"
                + paging.sql("created_at, id", "SELECT created_at, id FROM file WHERE id = :cursor");
        return database.asTenant(tenantId, handle -> paging.fetch(
                handle.createQuery(sql).bind("purpose", purpose.orElse(null)), FileDao::row));
    }

    /** Writes the file's bytes piece by piece. @return false if there is no such file */
    public boolean read(String tenantId, String id, OutputStream out) {
        if (find(tenantId, id).isEmpty()) return false;
        for (int ordinal = 0;; ordinal++) {
            int wanted = ordinal;
            // A transaction a piece: no connection is held while a slow reader drains the stream.
            Optional<byte[]> piece = database.asTenant(tenantId, handle -> handle
                    .createQuery("SELECT content FROM file_piece WHERE file_id = :id AND ordinal = :ordinal")
                    .bind("id", id).bind("ordinal", wanted).map((rows, context) -> rows.getBytes(1)).findOne());
            if (piece.isEmpty()) return true;
            try {
                out.write(piece.get());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * Deletes a file with all that was made of it: in every store its chunks, vectors and postings go in the same
     * transaction.
     *
     * @param actor the key's id, or {@code server}
     * @return empty if there is no such file
     */
    public Optional<DeletionReceipt> delete(String tenantId, String id, String actor) {
        return database.asTenant(tenantId, handle -> {
            Optional<Long> bytes = handle.createQuery("SELECT bytes FROM file WHERE id = :id FOR UPDATE")
                    .bind("id", id).mapTo(Long.class).findOne();
            if (bytes.isEmpty()) return Optional.<DeletionReceipt>empty();
            Removal removal = LexicalIndex.removeAll(handle, "file_id = :key", id);
            removal.file(bytes.get());
            handle.execute("DELETE FROM file WHERE id = ?", id);
            return Optional.of(removal.record(handle, tenantId, actor, DeletionReceipt.Kind.FILE, id));
        });
    }

    /** Files whose time is over or whose tenant was deleted. */
    public List<Expired> expired(int limit) {
        return database.asOperator(handle -> handle.createQuery("""
                (SELECT tenant_id, id FROM file WHERE expires_at < now() LIMIT :limit)
                UNION (SELECT f.tenant_id, f.id FROM tenant t JOIN file f ON f.tenant_id = t.id
                       WHERE t.deleted_at IS NOT NULL LIMIT :limit)""")
                .bind("limit", limit).map((rows, context) -> new Expired(rows.getString(1), rows.getString(2))).list());
    }

    /** Something to delete on behalf of its tenant. */
    public record Expired(String tenantId, String id) {}

    private static StoredFile row(ResultSet rows, StatementContext context) throws SQLException {
        return new StoredFile(rows.getString("id"), rows.getString("filename"), rows.getString("purpose"),
                rows.getLong("bytes"), Columns.instant(rows, "created_at"),
                Columns.optionalInstant(rows, "expires_at"), Columns.optionalText(rows, "source_url"));
    }
}
