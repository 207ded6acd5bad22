package graft.registry.catalog;

import graft.registry.Database;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.StatementCustomizer;
import org.postgresql.PGStatement;

/**
 * The bytes of adapters: each file once a tenant, named by its sha-256, in chunks of one mebibyte so that neither side
 * ever holds a whole file. Row-level security lets a tenant reach bytes only through a version it may see.
 */
public final class ArtifactDao {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final String SWEEP_KEY = "hashtextextended('artifacts of ' || :tenant, 0)";
    /** By itself the driver asks for bytes only from a statement's sixth time on, before that for their digits. */
    private static final StatementCustomizer BINARY = new StatementCustomizer() {
        @Override
        public void beforeExecution(PreparedStatement statement, StatementContext context) throws SQLException {
            statement.unwrap(PGStatement.class).setPrepareThreshold(-1);
        }
    };
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
        Optional<First> first = first(tenantId, owner, digest);
        if (first.isEmpty()) return false;
        MessageDigest sha = sha256();
        long read = 0;
        for (int number = 0; read < first.get().sizeBytes(); number++) {
            byte[] bytes = (number == 0 ? first.get().chunk() : chunk(tenantId, owner, digest, number))
                    .filter(some -> some.length > 0).orElseThrow(missing(number, digest));
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

    private record First(long sizeBytes, Optional<byte[]> chunk) {}

    /** Most files of an adapter are one chunk: then this is all. */
    private Optional<First> first(String tenantId, String owner, String digest) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT a.size_bytes, c.bytes FROM artifact a LEFT JOIN artifact_chunk c
                ON c.tenant_id = a.tenant_id AND c.digest = a.digest AND c.number = 0
                WHERE a.tenant_id = :owner AND a.digest = :digest
                """).bind("owner", owner).bind("digest", digest).addCustomizer(BINARY).map((row, context) ->
                new First(row.getLong("size_bytes"), Optional.ofNullable(row.getBytes("bytes")))).findOne());
    }

    private Optional<byte[]> chunk(String tenantId, String owner, String digest, int number) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT bytes FROM artifact_chunk WHERE tenant_id = :owner AND digest = :digest AND number = :number
                """).bind("owner", owner).bind("digest", digest).bind("number", number).addCustomizer(BINARY)
                .mapTo(byte[].class).findOne());
    }

    private static Supplier<CorruptArtifactException> missing(int number, String digest) {
        return () -> new CorruptArtifactException("chunk " + number + " of " + digest + " is missing");
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
