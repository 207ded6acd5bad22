package graft.registry.knowledge.vectors;

import graft.registry.Database;
import graft.registry.Database.Login;
import graft.registry.DatabaseUnavailableException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Gives each store over a limit an HNSW graph of its own: a partial index on its vectors, halfvec, built and dropped
 * CONCURRENTLY, so that searches and ingestion go on meanwhile. Searches take the graph from the moment its store's row
 * says so. One server at a time works on it; the others find an advisory lock taken and do nothing.
 *
 * <p>Indexes belong to the tables' owner, so this connects as the owner, for one pass at a time. Declarative partitions
 * were the alternative: attaching one locks the table that all tenants read.
 */
public final class VectorGraphs {
    private static final System.Logger LOG = System.getLogger(VectorGraphs.class.getName());
    private static final String PREFIX = "embedding_graph_";
    private static final long LOCK = 0x67726166745f6877L; // of our own choosing
    private final Database database;
    private final Login owner;
    private final Settings settings;
    private volatile Statement running; // null before the first pass
    private volatile boolean closed;

    /**
     * @param exactLimit   chunks up to which a store is compared whole: {@code knowledge.exact-limit}; its graph goes
     *                     when it has shrunk to half of it
     * @param links        HNSW's m: {@code knowledge.graph-links}
     * @param construction HNSW's ef_construction: {@code knowledge.graph-construction}
     * @param memoryBytes  for one build: {@code knowledge.graph-memory-bytes}
     */
    public record Settings(int exactLimit, int links, int construction, long memoryBytes) {
        public static final Settings DEFAULTS = new Settings(20_000, 16, 128, 256L << 20);

        public Settings {
            if (exactLimit < 0 || links < 2 || links > 100 || construction < 2 * links || construction > 1000) {
                throw new IllegalArgumentException("exactLimit " + exactLimit + " links " + links + " construction "
                        + construction);
            }
        }
    }

    private record Wanted(long store, int dimensions) {}

    /** @param owner of the tables */
    public VectorGraphs(Database database, Login owner, Settings settings) {
        this.database = database;
        this.owner = owner;
        this.settings = settings;
    }

    /**
     * Builds the graphs that are missing and drops those that are no longer wanted; may take minutes.
     *
     * @return how many were built or dropped
     */
    public int promote() {
        if (missing().isEmpty() && superfluous().isEmpty()) return 0;
        try (Connection connection = DriverManager.getConnection(owner.url(), owner.user(), owner.password());
                Statement statement = connection.createStatement()) {
            running = statement;
            if (closed || !locked(statement)) return 0;
            int changed = 0;
            for (String name : superfluous()) {
                drop(statement, name);
                changed++;
            }
            for (Wanted wanted : missing()) {
                build(statement, wanted);
                changed++;
            }
            return changed;
        } catch (SQLException e) {
            if (closed) return 0;
            if (e.getSQLState() != null && e.getSQLState().startsWith("08")) throw new DatabaseUnavailableException(e);
            throw new IllegalStateException("an HNSW graph was not built: " + e.getMessage(), e);
        }
    }

    /** Takes a store's graph away, because its vectors are about to be others; waits for a build that is under way. */
    public void drop(long store) {
        if (!names().contains(PREFIX + store)) return;
        try (Connection connection = DriverManager.getConnection(owner.url(), owner.user(), owner.password());
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_advisory_lock(" + LOCK + ")");
            drop(statement, PREFIX + store);
        } catch (SQLException e) {
            throw new IllegalStateException("an HNSW graph was not dropped: " + e.getMessage(), e);
        }
    }

    /** Ends what is being built, from another thread, for good. */
    public void cancel() {
        closed = true;
        Statement statement = running;
        if (statement == null) return;
        try {
            statement.cancel();
        } catch (SQLException e) {
            LOG.log(System.Logger.Level.WARNING, "a build could not be cancelled: {0}", e.getMessage());
        }
    }

    /** The session's lock ends with its connection. */
    private static boolean locked(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery("SELECT pg_try_advisory_lock(" + LOCK + ")")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private List<Wanted> missing() {
        return database.asOperator(handle -> handle.createQuery("""
                SELECT number, dimensions FROM vector_store
                WHERE chunk_count > :limit AND graph IS NULL AND dimensions <= 4000
                  AND NOT EXISTS (SELECT FROM embedding_next n WHERE n.store = vector_store.number)
                ORDER BY number""")
                .bind("limit", settings.exactLimit())
                .map((row, context) -> new Wanted(row.getLong(1), row.getInt(2))).list());
    }

    /** Graphs of stores that are gone or have shrunk, and what an interrupted build left. */
    private List<String> superfluous() {
        return database.asOperator(handle -> handle.createQuery("""
                SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                WHERE i.indrelid = 'embedding'::regclass AND starts_with(c.relname, :prefix) AND NOT EXISTS (
                    SELECT FROM vector_store s WHERE c.relname = :prefix || s.number AND i.indisvalid
                        AND s.chunk_count > :limit / 2)""")
                .bind("prefix", PREFIX).bind("limit", settings.exactLimit()).mapTo(String.class).list());
    }

    /** First no search takes it any more, then it goes. */
    private void drop(Statement statement, String name) throws SQLException {
        mark(Long.parseLong(name.substring(PREFIX.length())), Optional.empty());
        statement.execute("DROP INDEX CONCURRENTLY IF EXISTS " + name);
        LOG.log(System.Logger.Level.INFO, "graph={0} dropped", name);
    }

    private void build(Statement statement, Wanted wanted) throws SQLException {
        long began = System.nanoTime();
        statement.execute("SET maintenance_work_mem = '" + settings.memoryBytes() / 1024 + "kB'");
        statement.execute("""
                CREATE INDEX CONCURRENTLY IF NOT EXISTS %s%d ON embedding
                USING hnsw ((vector::halfvec(%d)) halfvec_cosine_ops) WITH (m = %d, ef_construction = %d)
                WHERE store = %d""".formatted(PREFIX, wanted.store(), wanted.dimensions(), settings.links(),
                settings.construction(), wanted.store()));
        mark(wanted.store(), Optional.of(wanted.dimensions()));
        LOG.log(System.Logger.Level.INFO, "graph={0}{1} built ms={2}", PREFIX, String.valueOf(wanted.store()),
                String.valueOf((System.nanoTime() - began) / 1_000_000));
    }

    private void mark(long store, Optional<Integer> dimensions) {
        database.asOperator(handle -> handle.createUpdate(
                "UPDATE vector_store SET graph = :graph WHERE number = :store")
                .bind("graph", dimensions.orElse(null)).bind("store", store).execute());
    }

    /** Names of the graphs that there are, for whoever wants to know. */
    public List<String> names() {
        return new ArrayList<>(database.asOperator(handle -> handle.createQuery("""
                SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                WHERE i.indrelid = 'embedding'::regclass AND starts_with(c.relname, :prefix) AND i.indisvalid""")
                .bind("prefix", PREFIX).mapTo(String.class).list()));
    }
}
