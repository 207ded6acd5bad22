package graft;

import graft.api.HttpServer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import sun.misc.Signal;

/**
 * {@code ./graft up}: starts the server in the foreground and drains it on SIGTERM or Ctrl-C; with
 * {@code --migrate-only} it migrates an external database and starts nothing. Exit codes: 0 after a drain, 2 when something is missing that one sentence names, 3 when the data folder is in use, 1 when we failed.
 */
public final class Main {
    private static final System.Logger LOG = System.getLogger(Main.class.getName());

    private static final long SAME_SIGNAL_NANOS = 1_000_000_000;

    private Main() {}

    public static void main(String[] arguments) {
        System.exit(run(Server.Arithmetic::of, arguments));
    }

    /** @param arithmetic what computes under these settings */
    static int run(Function<ServerConfig, Server.Arithmetic> arithmetic, String... arguments) {
        CountDownLatch stop = onSignal();
        try {
            Arguments options = Arguments.parse(arguments);
            ServerConfig config = Settings.read(options.settings(), System.getenv());
            if (options.migrateOnly()) return migrate(config);
            try (DataFolder data = DataFolder.open(config.data())) {
                ServerLog.install(data.log(), config.log());
                try (Server server = Server.start(config, data, arithmetic.apply(config))) {
                    System.out.println("Graft is ready on http://" + config.host() + ":" + server.port());
                    LOG.log(System.Logger.Level.INFO, "ready host={0} port={1}", config.host(),
                            String.valueOf(server.port()));
                    stop.await();
                    System.out.println("Draining; another signal stops at once.");
                }
            }
            return 0;
        } catch (DataFolder.InUse e) {
            System.err.println(e.getMessage());
            return 3;
        } catch (SetupException | HttpServer.PortTaken e) {
            System.err.println(e.getMessage());
            return 2;
        } catch (InterruptedException | RuntimeException e) {
            System.err.println("Graft failed to start or to stop; the log has the reason: " + e);
            LOG.log(System.Logger.Level.ERROR, "failed", e);
            return 1;
        }
    }

    /** Takes no data folder and logs to standard error alone: it is a job beside servers that run. */
    private static int migrate(ServerConfig config) {
        System.out.println("The database is at this version's schema; migrations run now: "
                + Storage.migrate(config.database()) + ".");
        return 0;
    }

    /**
     * A signal handler and not a shutdown hook, because after a hook the exit code is the signal's and java.util.logging
     * has closed its files by then. A second signal does not wait for running requests; one that follows at once is the
     * same one, sent to the process and to its group as timeout(1) does.
     */
    private static CountDownLatch onSignal() {
        CountDownLatch stop = new CountDownLatch(1);
        AtomicLong first = new AtomicLong();
        for (String name : new String[] {"TERM", "INT"}) {
            Signal.handle(new Signal(name), signal -> {
                if (stop.getCount() > 0) first.set(System.nanoTime());
                else if (System.nanoTime() - first.get() > SAME_SIGNAL_NANOS) Runtime.getRuntime().halt(1);
                stop.countDown();
            });
        }
        return stop;
    }
}
