package graft.registry.catalog;

import graft.registry.Database;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * The bytes of adapters: each file once a tenant, named by its sha-256, in chunks of one mebibyte so that neither side
 * ever holds a whole file. Row-level security lets a tenant reach bytes only through a version it may see.
 */
public final class ArtifactDao {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final String SWEEP_KEY = "hashtextextended('artifacts of ' || :tenant, 0)";
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

    /**
     * Keeps the sweep away from this tenant until the transaction ends, so that what an upload finds stored stays. Many
     * uploads may hold it at once.
     */
    static void holdOffSweep(Handle handle, String tenantId) {
        handle.createQuery("SELECT 1 FROM pg_advisory_xact_lock_shared(" + SWEEP_KEY + ")")
                .bind("tenant", tenantId).mapTo(Integer.class).one();
    }

    /** Writes a file's chunks unless this tenant has them already; must be what the digest says. */
    static void store(Handle handle, String tenantId, VersionFile file, InputStream content) throws IOException {
        int fresh = handle.createUpdate("""
                INSERT INTO artifact (tenant_id, digest, size_bytes) VALUES (:tenant, :digest, :size)
                ON CONFLICT DO NOTHING
                """).bind("tenant", tenantId).bind("digest", file.artifact()).bind("size", file.sizeBytes()).execute();
        if (fresh == 0) return;
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

    /**
     * Deletes the contents that no version has named for this long, and the bytes that no content names. For the
     * operator's housekeeping only; waits for uploads of a tenant before it sweeps there.
     *
     * @return files deleted
     */
    public int sweep(Duration grace) {
        List<String> tenants = database.asOperator(handle -> handle.createQuery(
                "SELECT DISTINCT tenant_id FROM adapter_content WHERE unreferenced_at IS NOT NULL")
                .mapTo(String.class).list());
        return tenants.stream().mapToInt(tenant -> sweep(tenant, grace)).sum();
    }

    private int sweep(String tenantId, Duration grace) {
        return database.asOperator(handle -> {
            handle.createQuery("SELECT 1 FROM pg_advisory_xact_lock(" + SWEEP_KEY + ")")
                    .bind("tenant", tenantId).mapTo(Integer.class).one();
            handle.createUpdate("""
                    UPDATE adapter_content c SET unreferenced_at = NULL WHERE tenant_id = :tenant
                    AND unreferenced_at IS NOT NULL AND EXISTS (SELECT FROM adapter_version v
                        WHERE v.tenant_id = c.tenant_id AND v.digest = c.digest)
                    """).bind("tenant", tenantId).execute();
            handle.createUpdate("""
                    DELETE FROM adapter_content c WHERE tenant_id = :tenant
                    AND unreferenced_at <= now() - make_interval(secs => :grace)
                    AND NOT EXISTS (SELECT FROM adapter_version v
                        WHERE v.tenant_id = c.tenant_id AND v.digest = c.digest)
                    """).bind("tenant", tenantId).bind("grace", grace.toMillis() / 1000.0).execute();
            return handle.createUpdate("""
                    DELETE FROM artifact a WHERE tenant_id = :tenant
                    AND NOT EXISTS (SELECT FROM adapter_file f
                        WHERE f.tenant_id = a.tenant_id AND f.artifact = a.digest)
                    """).bind("tenant", tenantId).execute();
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
