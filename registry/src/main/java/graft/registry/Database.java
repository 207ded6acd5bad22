package graft.registry;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Query;

/**
 * Two pools on one Postgres. The tenant pool connects as {@code graft_app}, which row-level security binds: every
 * transaction names its tenant first, and a transaction without one sees no rows. The operator pool connects as
 * {@code graft_admin}, which the policies let through; only administration, workers and rollups use it.
 *
 * <p>Any thread may call. Work runs in one transaction: an exception rolls it back. Do not keep the handle.
 */
public final class Database implements AutoCloseable {
    private final HikariDataSource tenantPool;
    private final HikariDataSource operatorPool;
    private final Jdbi tenantJdbi;
    private final Jdbi operatorJdbi;

    /** Where Postgres is and as whom to connect. */
    public record Login(String url, String user, String password) {}

    /** @param poolSize most connections a pool opens; @param waiting how long a caller waits for one */
    public record Pooling(int poolSize, Duration waiting) {}

    public Database(Login tenantLogin, Login operatorLogin, Pooling pooling) {
        tenantPool = pool("graft-app", tenantLogin, pooling);
        operatorPool = pool("graft-admin", operatorLogin, pooling);
        tenantJdbi = Jdbi.create(tenantPool);
        operatorJdbi = Jdbi.create(operatorPool);
    }

    private static HikariDataSource pool(String name, Login login, Pooling pooling) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setJdbcUrl(login.url());
        config.setUsername(login.user());
        config.setPassword(login.password());
        config.setMaximumPoolSize(pooling.poolSize());
        // Opening them all at once would cost a start on two cores half a second.
        config.setMinimumIdle(Math.min(2, pooling.poolSize()));
        config.setConnectionTimeout(pooling.waiting().toMillis());
        config.setInitializationFailTimeout(-1);
        config.addDataSourceProperty("ApplicationName", name);
        return new HikariDataSource(config);
    }

    /**
     * Runs work in one transaction that sees and writes only this tenant's rows.
     *
     * @throws DatabaseUnavailableException when no connection can be had
     */
    public <T> T asTenant(String tenantId, Function<Handle, T> work) {
        if (tenantId.isBlank()) throw new IllegalArgumentException("blank tenant");
        return transaction(tenantJdbi, handle -> {
            // set_config(..., true) is SET LOCAL with a bound value: it ends with the transaction.
            handle.createQuery("SELECT set_config('graft.tenant', :tenant, true)").bind("tenant", tenantId)
                    .mapTo(String.class).one();
            return work.apply(handle);
        });
    }

    /** Runs work in one transaction without a tenant, as the role that sees only what is public: key look-ups. */
    public <T> T asNobody(Function<Handle, T> work) {
        return transaction(tenantJdbi, work);
    }

    /**
     * Runs one query that sees and writes only this tenant's rows: one trip to the database instead of three. Tenant
     * and query travel as two statements of one message, which Postgres makes one transaction.
     *
     * @param sql without a semicolon
     * @throws DatabaseUnavailableException when no connection can be had
     */
    public <T> List<T> queryAsTenant(String tenantId, String sql, Function<Query, Query> bindings, RowMapper<T> rows) {
        if (tenantId.isBlank()) throw new IllegalArgumentException("blank tenant");
        return reported(() -> tenantJdbi.withHandle(handle -> bindings.apply(handle.createQuery(
                "SELECT set_config('graft.tenant', :tenant_of_query, true); " + sql).bind("tenant_of_query", tenantId))
                .execute((statements, context) -> {
                    PreparedStatement statement = statements.get();
                    statement.getMoreResults(); // past the tenant
                    List<T> found = new ArrayList<>();
                    try (ResultSet results = statement.getResultSet()) {
                        while (results.next()) found.add(rows.map(results, context));
                    } finally {
                        context.close();
                    }
                    return found;
                })));
    }

    /** Runs one statement, which is a transaction of its own and names its tenant first: one trip to the database. */
    public <T> T atOnce(Function<Handle, T> statement) {
        return reported(() -> tenantJdbi.withHandle(statement::apply));
    }

    /** Runs work in one transaction that may see every tenant's rows. Never on behalf of a tenant's request. */
    public <T> T asOperator(Function<Handle, T> work) {
        return transaction(operatorJdbi, work);
    }

    /** For a test that changes what every statement says. */
    Jdbi tenantJdbi() {
        return tenantJdbi;
    }

    private static <T> T transaction(Jdbi jdbi, Function<Handle, T> work) {
        return reported(() -> jdbi.inTransaction(work::apply));
    }

    private static <T> T reported(Supplier<T> work) {
        try {
            return work.get();
        } catch (ConnectionException e) {
            throw new DatabaseUnavailableException(e);
        } catch (RuntimeException e) {
            if (connectionWasLost(e)) throw new DatabaseUnavailableException(e);
            throw e;
        }
    }

    /** SQLSTATE class 08 is a lost connection, 57P an administrator's shutdown (PostgreSQL, appendix A). */
    private static boolean connectionWasLost(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLTransientConnectionException) return true;
            if (cause instanceof SQLException sql && sql.getSQLState() != null
                    && (sql.getSQLState().startsWith("08") || sql.getSQLState().startsWith("57P"))) return true;
        }
        return false;
    }

    @Override
    public void close() {
        tenantPool.close();
        operatorPool.close();
    }
}
