package graft.registry.catalog;

import graft.registry.Database;
import graft.registry.DatabaseUnavailableException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.postgresql.PGConnection;

/**
 * Tells this server what others changed in the catalog, as soon as they commit (LISTEN). Keeps one connection of the
 * operator's pool. After each (re)connection it tells once unasked, because something may have been missed; whoever
 * remembers must still forget by time, because a lost peer may go unnoticed for a while.
 */
public final class CatalogListener implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(CatalogListener.class.getName());
    private final Database database;
    private final Runnable changed;
    private final Duration wait;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /**
     * @param changed called on the listener's thread; must be quick
     * @param wait    between looks for the end and between attempts to connect: how long {@link #close} may take
     */
    public CatalogListener(Database database, Runnable changed, Duration wait) {
        this.database = database;
        this.changed = changed;
        this.wait = wait;
        thread = Thread.ofVirtual().name("catalog-listener").start(this::run);
    }

    private void run() {
        while (closing.getCount() > 0) {
            try {
                database.asOperator(this::listen);
            } catch (DatabaseUnavailableException e) {
                LOG.log(System.Logger.Level.WARNING, "catalog listener lost its connection: {0}", e.getMessage());
                pause();
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, "catalog listener failed and starts again", e);
                pause();
            }
        }
    }

    private void pause() {
        try {
            closing.await(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean listen(Handle handle) {
        try {
            handle.execute("LISTEN " + CatalogDao.CHANNEL);
            handle.getConnection().commit(); // a LISTEN counts from its commit on
            PGConnection connection = handle.getConnection().unwrap(PGConnection.class);
            changed.run();
            while (closing.getCount() > 0) {
                if (connection.getNotifications(Math.toIntExact(Math.max(1, wait.toMillis()))).length > 0)
                    changed.run();
            }
            handle.execute("UNLISTEN *"); // the connection goes back to the pool
            return true;
        } catch (SQLException e) {
            throw new DatabaseUnavailableException(e);
        }
    }

    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
