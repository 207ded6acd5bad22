package graft.registry.catalog;

import graft.registry.Database;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * The bytes of adapters: each file once a tenant, named by its sha-256, in chunks of one mebibyte so that neither side
 * ever holds a whole file. Row-level security lets a tenant reach bytes only through a version it may see.
 */
public final class ArtifactDao {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final String NAMED =
            "SELECT FROM adapter_file f WHERE f.tenant_id = a.tenant_id AND f.artifact = a.digest";
    private final Database database;

    public ArtifactDao(Database database) {
        this.database = database;
    }

    /** Receives a file's chunks in order. */
    @FunctionalInterface
    public interface ChunkSink {
        void chunk(byte[] bytes) throws IOException;
    }

    /** What is stored is not what its name says, or is not all there. */
    public static final class CorruptArtifactException extends RuntimeException {
        private static final long serialVersionUID = 1;

        CorruptArtifactException(String message) {
            super(message);
        }
    }

    /**
     * Reads one file, a transaction a chunk, and proves its digest at the end: until this returns, the sink must not
     * be believed.
     *
     * @return false if there is no such artifact that this tenant may see
     * @throws CorruptArtifactException if bytes are missing or changed
     */
    public boolean read(String tenantId, String owner, String digest, ChunkSink sink) {
        Optional<Long> size = database.asTenant(tenantId, handle -> handle.createQuery(
                "SELECT size_bytes FROM artifact WHERE tenant_id = :owner AND digest = :digest")
                .bind("owner", owner).bind("digest", digest).mapTo(Long.class).findOne());
        if (size.isEmpty()) return false;
        MessageDigest sha = sha256();
        long read = 0;
        for (int number = 0; read < size.get(); number++) {
            byte[] bytes = chunk(tenantId, owner, digest, number);
            sha.update(bytes);
            read += bytes.length;
            try {
                sink.chunk(bytes);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        if (!name(sha).equals(digest)) throw new CorruptArtifactException("the stored bytes of " + digest + " changed");
        return true;
    }

    private byte[] chunk(String tenantId, String owner, String digest, int number) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT bytes FROM artifact_chunk WHERE tenant_id = :owner AND digest = :digest AND number = :number
                """).bind("owner", owner).bind("digest", digest).bind("number", number).mapTo(byte[].class).findOne())
                .filter(bytes -> bytes.length > 0)
                .orElseThrow(() -> new CorruptArtifactException("chunk " + number + " of " + digest + " is missing"));
    }

    /** Writes a file's chunks unless this tenant has them already; must be what the digest says. */
    static void store(Handle handle, String tenantId, VersionFile file, InputStream content) throws IOException {
        while (!claim(handle, tenantId, file)) {
            if (keep(handle, tenantId, file)) return;
            // The sweep took it between the two: then it is ours to write again.
        }
        MessageDigest sha = sha256();
        int number = 0;
        for (byte[] bytes = content.readNBytes(CHUNK_BYTES); bytes.length > 0;
                bytes = content.readNBytes(CHUNK_BYTES)) {
            sha.update(bytes);
            handle.createUpdate("INSERT INTO artifact_chunk VALUES (:tenant, :digest, :number, :bytes)")
                    .bind("tenant", tenantId).bind("digest", file.artifact()).bind("number", number++)
                    .bind("bytes", bytes).execute();
        }
        if (!name(sha).equals(file.artifact()))
            throw new CorruptArtifactException(file.path() + " changed while it was stored");
    }

    private static boolean claim(Handle handle, String tenantId, VersionFile file) {
        return handle.createUpdate("""
                INSERT INTO artifact (tenant_id, digest, size_bytes) VALUES (:tenant, :digest, :size)
                ON CONFLICT DO NOTHING
                """).bind("tenant", tenantId).bind("digest", file.artifact()).bind("size", file.sizeBytes())
                .execute() > 0;
    }

    private static boolean keep(Handle handle, String tenantId, VersionFile file) {
        return handle.createUpdate("""
                UPDATE artifact SET unreferenced_at = NULL WHERE tenant_id = :tenant AND digest = :digest
                """).bind("tenant", tenantId).bind("digest", file.artifact()).execute() > 0;
    }

    /**
     * Deletes the bytes that no version has named for this long; what a version stopped naming since the last sweep
     * starts its time now. For the operator's housekeeping only. Skips what an upload is using at this moment.
     *
     * @return files deleted
     */
    public int sweep(Duration grace) {
        return database.asOperator(handle -> {
            handle.execute("UPDATE artifact SET unreferenced_at = NULL WHERE (tenant_id, digest) IN ("
                    + "SELECT tenant_id, digest FROM artifact a WHERE unreferenced_at IS NOT NULL AND EXISTS ("
                    + NAMED + ") FOR UPDATE SKIP LOCKED)");
            handle.execute("UPDATE artifact SET unreferenced_at = now() WHERE (tenant_id, digest) IN ("
                    + "SELECT tenant_id, digest FROM artifact a WHERE unreferenced_at IS NULL AND NOT EXISTS ("
                    + NAMED + ") FOR UPDATE SKIP LOCKED)");
            return handle.createUpdate("DELETE FROM artifact WHERE (tenant_id, digest) IN ("
                    + "SELECT tenant_id, digest FROM artifact a WHERE NOT EXISTS (" + NAMED + ")"
                    + " AND unreferenced_at <= now() - make_interval(secs => :grace) FOR UPDATE SKIP LOCKED)")
                    .bind("grace", grace.toMillis() / 1000.0).execute();
        });
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    static String name(MessageDigest sha) {
        return "sha256:" + HexFormat.of().formatHex(sha.digest());
    }
}
