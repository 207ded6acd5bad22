package graft.registry.postgres;

import graft.registry.Database.Login;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A PostgreSQL server of our own: a child process on a free loopback port, its data in a folder, passwords made once.
 *
 * <p>The folder is locked while we run, so a second server is refused. Killing the server process, this JVM or the
 * machine loses nothing that was committed: the child stops itself when our end of its pipe closes, and the next start
 * stops whatever is left and recovers. A child that ends while we live is started again on its port, so that pools find
 * it there once they connect again. A Unix socket was rejected because pgjdbc can't speak to one.
 *
 * <p>Any thread may call; {@link #close} stops the server and waits for it.
 */
public final class EmbeddedPostgres implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(EmbeddedPostgres.class.getName());
    private static final int PORT_ATTEMPTS = 3;
    public static final String DATABASE = "graft";

    private final FileLock lock;
    private final Passwords passwords;
    private final ClusterFolder data;
    private final Options options;
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile PostgresProcess process;

    /**
     * @param starting longest wait for a start, crash recovery included
     * @param stopping longest wait for a clean stop before the process is killed
     * @param pause    between attempts to start it again after it ended by itself
     * @param settings of postgresql.conf, over ours
     */
    public record Options(Duration starting, Duration stopping, Duration pause, Map<String, String> settings) {
        public Options {
            settings = Map.copyOf(settings);
        }
    }

    private EmbeddedPostgres(FileLock lock, Passwords passwords, ClusterFolder data, Options options,
            PostgresProcess process) {
        this.lock = lock;
        this.passwords = passwords;
        this.data = data;
        this.options = options;
        this.process = process;
        Thread.ofVirtual().name("postgres-watch").start(this::watch);
    }

    /**
     * Creates what is missing in the folder and starts the server with its roles.
     *
     * @throws PostgresException.FolderInUse when another server has the folder
     * @throws PostgresException             when it can't start; the sentence says why
     */
    public static EmbeddedPostgres start(PostgresBinaries binaries, Path folder, Options options) {
        try {
            Files.createDirectories(folder.toAbsolutePath(), PosixFilePermissions.asFileAttribute(
                    PosixFilePermissions.fromString("rwx------")));
            Path home = folder.toRealPath();
            FileLock lock = lock(home);
            try {
                return start(binaries, home, lock, options);
            } catch (IOException | SQLException | RuntimeException e) {
                lock.channel().close();
                throw e;
            }
        } catch (IOException | SQLException e) {
            throw new PostgresException("PostgreSQL could not be started in " + folder + ": " + e.getMessage(), e);
        }
    }

    private static EmbeddedPostgres start(PostgresBinaries binaries, Path home, FileLock lock, Options options)
            throws IOException, SQLException {
        long began = System.nanoTime();
        Passwords passwords = Passwords.in(home.resolve("passwords.properties"));
        ClusterFolder data = new ClusterFolder(home.resolve("data"), binaries, RunAs.choose());
        data.create(passwords.superuser());
        data.clearLeftovers(options.stopping());
        PostgresProcess process = launch(data, binaries, options);
        try {
            Bootstrap.roles(new Login(url(process.port()) + "postgres", Bootstrap.SUPERUSER, passwords.superuser()),
                    passwords);
        } catch (SQLException | RuntimeException e) {
            process.stop();
            throw e;
        }
        LOG.log(System.Logger.Level.INFO, "postgres=ready port={0} millis={1}", String.valueOf(process.port()),
                String.valueOf((System.nanoTime() - began) / 1_000_000));
        return new EmbeddedPostgres(lock, passwords, data, options, process);
    }

    /** The port is free when asked and may be taken by the time Postgres binds it: then another is tried. */
    private static PostgresProcess launch(ClusterFolder data, PostgresBinaries binaries, Options options)
            throws IOException {
        for (int attempt = 1; ; attempt++) {
            int port = freePort();
            try {
                return PostgresProcess.launch(data, binaries, port, options);
            } catch (PostgresProcess.PortTaken e) {
                if (attempt == PORT_ATTEMPTS) throw new PostgresException(e.getMessage(), e);
            }
        }
    }

    private void watch() {
        try {
            while (true) {
                process.awaitEnd();
                while (!process.isAlive()) {
                    if (closing.getCount() == 0) return;
                    if (!revive() && closing.await(options.pause().toMillis(), TimeUnit.MILLISECONDS)) return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Close waits for an attempt that is under way, and stops what came of it. */
    private synchronized boolean revive() {
        if (closing.getCount() == 0) return false;
        LOG.log(System.Logger.Level.WARNING, "postgres ended by itself and is started again, port={0}",
                String.valueOf(process.port()));
        try {
            data.clearLeftovers(options.stopping());
            process = PostgresProcess.launch(data, data.binaries(), process.port(), options);
            return true;
        } catch (IOException | RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "postgres could not be started again", e);
            return false;
        }
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static FileLock lock(Path home) throws IOException {
        FileChannel channel = FileChannel.open(home.resolve("lock"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) return lock;
        } catch (OverlappingFileLockException e) {
            LOG.log(System.Logger.Level.DEBUG, "folder={0} is locked by this process", home);
        }
        channel.close();
        throw new PostgresException.FolderInUse(home);
    }

    private static String url(int port) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/";
    }

    /** Creates a database with the extension and grants, unless it is there. */
    public void createDatabase(String name) {
        try {
            Bootstrap.database(url(process.port()), superuser(), name);
        } catch (SQLException e) {
            throw new PostgresException("The database " + name + " could not be created: " + e.getMessage(), e);
        }
    }

    /** For what only a superuser may do, in the database {@code postgres}. Never handed to request code. */
    public Login superuser() {
        return login("postgres", Bootstrap.SUPERUSER, passwords.superuser());
    }

    /** Owns the tables; for {@link Migrations}. */
    public Login owner(String database) {
        return login(database, Bootstrap.OWNER, passwords.owner());
    }

    public Login app(String database) {
        return login(database, Bootstrap.APP, passwords.app());
    }

    public Login admin(String database) {
        return login(database, Bootstrap.ADMIN, passwords.admin());
    }

    private Login login(String database, String role, String password) {
        return new Login(url(process.port()) + database, role, password);
    }

    /** The server's process id: for watching it, and for tests that kill it. */
    public long pid() {
        return process.postmasterPid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Ends sessions, writes a checkpoint and waits. Idempotent. */
    @Override
    public synchronized void close() {
        closing.countDown();
        process.stop();
        try {
            lock.channel().close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "postgres folder lock not released", e);
        }
    }
}
