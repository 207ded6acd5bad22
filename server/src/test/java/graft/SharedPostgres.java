package graft;

import graft.registry.Database;
import graft.registry.postgres.EmbeddedPostgres;
import graft.registry.postgres.PostgresBinaries;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A Postgres that several servers share, as durable as in production, behind an address that stays the same when it is
 * restarted.
 */
final class SharedPostgres implements AutoCloseable {
    private static final String NAME = EmbeddedPostgres.DATABASE;
    private final Path folder;
    private final ServerSocket front;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile EmbeddedPostgres postgres;

    private SharedPostgres(Path folder, ServerSocket front) {
        this.folder = folder;
        this.front = front;
    }

    static SharedPostgres start(Path folder) throws IOException {
        SharedPostgres shared = new SharedPostgres(folder,
                new ServerSocket(0, 100, InetAddress.getLoopbackAddress()));
        shared.postgres = shared.launch();
        shared.postgres.createDatabase(NAME);
        Thread.ofVirtual().start(shared::accept);
        return shared;
    }

    private EmbeddedPostgres launch() {
        return EmbeddedPostgres.start(PostgresBinaries.in(PostgresBinaries.defaultCache()), folder,
                new EmbeddedPostgres.Options(Duration.ofSeconds(90), Duration.ofSeconds(30), Duration.ofSeconds(1),
                        Map.of("max_connections", "200", "shared_buffers", "64MB")));
    }

    /** What a server needs to know to use it. */
    Map<String, String> settings() {
        Database.Login login = postgres.superuser();
        return Map.of("GRAFT_DATABASE_URL", "jdbc:postgresql://127.0.0.1:" + front.getLocalPort() + "/" + NAME,
                "GRAFT_DATABASE_USER", login.user(), "GRAFT_DATABASE_PASSWORD", login.password(),
                "GRAFT_KEYS_PEPPER", "a pepper that all share", "GRAFT_DATABASE_POOL_SIZE", "12");
    }

    Database.Login owner() {
        return postgres.owner(NAME);
    }

    /** The pools of a process that has joined. */
    Database join() {
        return new Database(postgres.app(NAME), postgres.admin(NAME),
                new Database.Pooling(8, Duration.ofSeconds(30)));
    }

    /** Ends all sessions as a restart does, and comes back. */
    void restart() {
        postgres.close();
        postgres = launch();
    }

    private void accept() {
        while (!front.isClosed()) {
            try {
                Socket client = front.accept();
                Thread.ofVirtual().start(() -> forward(client));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void forward(Socket client) {
        String url = postgres.superuser().url();
        int port = Integer.parseInt(url.replaceAll(".*:(\\d+)/.*", "$1"));
        try (client; Socket server = new Socket(InetAddress.getLoopbackAddress(), port)) {
            sockets.add(client);
            Thread back = Thread.ofVirtual().start(() -> copy(server, client));
            copy(client, server);
            back.join();
        } catch (IOException e) {
            // Postgres is away: the client's connection ends, as it would without us
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(client);
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // one side has ended
        }
        for (Socket socket : new Socket[] {from, to}) {
            try {
                socket.close();
            } catch (IOException e) {
                // ended already
            }
        }
    }

    @Override
    public void close() throws IOException {
        front.close();
        for (Socket socket : sockets) socket.close();
        postgres.close();
    }
}
