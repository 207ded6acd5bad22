package graft.metering;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.Finished;
import graft.engine.Finished.Reason;
import graft.metering.UsageRecorder.Settled;
import graft.metering.costs.LedgerUpkeep;
import graft.metering.UsageRecorder.Start;
import graft.metering.UsageRecorder.Ticket;
import graft.registry.Database.Login;
import graft.registry.DatabaseUnavailableException;
import graft.registry.Ids;
import graft.registry.testing.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LedgerUsageRecorderIT {
    private static TestDatabase test;
    private static Metering metering;

    @BeforeAll
    static void open() {
        test = TestDatabase.open();
        metering = new Metering(test.database(), "node-1", Metering.Settings.DEFAULT);
    }

    @AfterAll
    static void close() {
        metering.close();
        test.close();
    }

    private static Start start(String tenant, int promptTokens) {
        return new Start(Ids.next("req_"), tenant, "key_1", "chat.completions", "base", Optional.of("triage"), 3,
                promptTokens);
    }

    private static Finished finished(Reason reason, int prompt, int cached, int generated) {
        return new Finished(reason, prompt, cached, generated, 10, 20, Optional.empty());
    }

    private static long billed(String tenant, String component) {
        return test.database().asTenant(tenant, handle -> handle.createQuery(
                "SELECT coalesce(sum(quantity), 0) FROM usage_event WHERE component = :component")
                .bind("component", component).mapTo(Long.class).one());
    }

    private static String state(String tenant) {
        return test.database().asTenant(tenant, handle -> handle.createQuery("SELECT state FROM usage_request")
                .mapTo(String.class).one());
    }

    @Test
    void aRowIsOpenBeforeTheFirstTokenAndSettledWithTheEnginesCounters() {
        Settled settled;
        try (Ticket ticket = metering.recorder().open(start("whole", 100))) {
            assertEquals("open", state("whole"));
            for (int token = 1; token <= 70; token++) ticket.generated(token);
            ticket.retrieved(9, 1_000);
            settled = ticket.settle(finished(Reason.STOP_TOKEN, 100, 40, 70), 70);
            assertEquals("settled", state("whole"));
            assertEquals(settled, ticket.settle(finished(Reason.STOP_TOKEN, 999, 0, 999), 70));
        }
        assertEquals(60, billed("whole", "prefill"));
        assertEquals(40, billed("whole", "cached_prefill"));
        assertEquals(70, billed("whole", "decode"));
        assertEquals(9, billed("whole", "embed_query"));
        assertEquals(1, billed("whole", "retrieve"));
        // 60 x 0.15 + 40 x 0.075 + 70 x 0.6 + 9 x 0.02 + 1 x 100 micros
        assertEquals(new Settled(9 + 3 + 42 + 0 + 100, "USD"), settled);
    }

    @Test
    void aKilledServersTokensAreBilledToWithinACheckpointAndNeverTwice() {
        Ticket ticket;
        int emitted = 0;
        try (Metering killed = new Metering(test.database(), "node-2", Metering.Settings.DEFAULT)) {
            ticket = killed.recorder().open(start("killed", 50));
            Paced paced = new Paced(ticket);
            for (; emitted < 100; emitted++) paced.token();
            try (Metering restarted = new Metering(test.database(), "node-2", Metering.Settings.DEFAULT)) {
                long billed = billed("killed", "decode");
                assertTrue(billed >= emitted - 32 && billed <= emitted, "billed " + billed);
                assertEquals(50, billed("killed", "prefill"));
                ticket.settle(finished(Reason.STOP_TOKEN, 50, 0, 100), 100);
                assertEquals(billed, billed("killed", "decode"));
                assertTrue(!restarted.processId().equals(killed.processId()));
            }
        }
    }

    @Test
    void tokensNeverRunMoreThanAnIntervalAheadOfWhatIsCommitted() throws SQLException {
        LedgerUsageRecorder.Settings impatient = new LedgerUsageRecorder.Settings(32, Duration.ofMillis(300), 16);
        try (Metering slow = new Metering(test.database(), "node-3",
                new Metering.Settings(Duration.ofSeconds(30), Duration.ofMinutes(5), Duration.ofHours(1), 1 << 20,
                        10, impatient, LedgerUpkeep.Settings.DEFAULT))) {
            Ticket ticket = slow.recorder().open(start("stuck", 5));
            Paced paced = new Paced(ticket);
            try (Connection owner = connect(test.owner())) {
                owner.setAutoCommit(false);
                owner.createStatement().execute("LOCK TABLE usage_request IN ACCESS EXCLUSIVE MODE");
                for (int token = 1; token <= 32; token++) paced.token();
                assertThrows(DatabaseUnavailableException.class, () -> {
                    while (true) ticket.checkWritten();
                });
                assertEquals(0, paced.committed());
                owner.rollback();
            }
            for (int token = 33; token <= 64; token++) paced.token();
            ticket.checkWritten();
            assertTrue(paced.committed() >= 32, "committed " + paced.committed());
            ticket.settle(finished(Reason.LENGTH, 5, 0, 64), 64);
            assertEquals(64, billed("stuck", "decode"));
        }
    }

    /** An engine that is held to its row. */
    private static final class Paced {
        private final Ticket ticket;
        private int sent;
        private int committed;

        Paced(Ticket ticket) {
            this.ticket = ticket;
            ticket.whenCommitted(this::committed);
        }

        private synchronized void committed(int tokens) {
            committed = tokens;
            notifyAll();
        }

        synchronized int committed() {
            return committed;
        }

        void token() {
            synchronized (this) {
                try {
                    while (sent >= committed + ticket.lead()) wait(10_000);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                sent++;
            }
            ticket.generated(sent);
        }
    }

    @Test
    void aClientThatLeftPaysForWhatWasGenerated() {
        try (Ticket ticket = metering.recorder().open(start("left", 20))) {
            for (int token = 1; token <= 45; token++) ticket.generated(token);
        }
        assertEquals(45, billed("left", "decode"));
        assertEquals(20, billed("left", "prefill"));
    }

    @Test
    void aRequestThatFailedBeforeItsFirstTokenCostsNothing() {
        try (Ticket ticket = metering.recorder().open(start("failed", 20))) {
            assertEquals(0, ticket.settle(finished(Reason.FAILED, 20, 0, 0), 0).costMicros());
        }
        assertEquals(0, billed("failed", "prefill"));
        assertEquals("settled", state("failed"));
    }

    @Test
    void aLostConnectionDelaysASettlingAndLosesNothing() throws SQLException {
        Ticket ticket = metering.recorder().open(start("lost", 10));
        ticket.generated(1);
        try (Connection admin = connect(test.admin())) {
            admin.createStatement().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    + "WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()");
        }
        ticket.settle(finished(Reason.STOP_TOKEN, 10, 0, 7), 7);
        assertEquals(7, billed("lost", "decode"));
    }

    @Test
    void manyRequestsAtOnceAreBilledToTheToken() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Callable<Integer>> calls = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int tokens = random.nextInt(1, 120);
            int left = random.nextInt(10) < 3 ? random.nextInt(tokens) : tokens;
            calls.add(() -> generate(tokens, left));
        }
        long emitted = 0;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Integer> call : threads.invokeAll(calls)) emitted += call.get();
        }
        assertEquals(emitted, billed("busy", "decode"), "seed " + seed);
        long open = test.database().asTenant("busy", handle -> handle.createQuery(
                "SELECT count(*) FROM usage_request WHERE state = 'open'").mapTo(Long.class).one());
        assertEquals(0, open);
    }

    private static int generate(int tokens, int left) {
        try (Ticket ticket = metering.recorder().open(start("busy", 10))) {
            for (int token = 1; token <= left; token++) ticket.generated(token);
            if (left == tokens) ticket.settle(finished(Reason.STOP_TOKEN, 10, 0, tokens), tokens);
            return left;
        }
    }

    private static Connection connect(Login login) throws SQLException {
        return DriverManager.getConnection(login.url(), login.user(), login.password());
    }
}
