package graft.registry.catalog;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CatalogListenerIT {
    private TestDatabase test;
    private final BlockingQueue<Long> heard = new LinkedBlockingQueue<>();

    @BeforeEach
    void open() {
        test = TestDatabase.open();
    }

    @AfterEach
    void close() {
        test.close();
    }

    private CatalogListener listener() throws InterruptedException {
        CatalogListener listener = new CatalogListener(test.database(), () -> heard.add(System.nanoTime()),
                Duration.ofMillis(200));
        assertNotNull(heard.poll(30, TimeUnit.SECONDS), "tells once when it has connected");
        return listener;
    }

    private long millisUntilHeard(Runnable change) throws InterruptedException {
        long before = System.nanoTime();
        change.run();
        Long at = heard.poll(30, TimeUnit.SECONDS);
        assertNotNull(at);
        heard.clear();
        return (at - before) / 1_000_000;
    }

    @Test
    void everyChangeIsHeardWithinASecond() throws InterruptedException {
        String tenant = new TenantDao(test.database()).create("test", "t").id();
        AliasDao aliases = new AliasDao(test.database());
        try (CatalogListener listener = listener()) {
            assertTrue(millisUntilHeard(() -> new AdapterVersionDao(test.database()).publish(tenant,
                    Versions.of("a", false, new byte[10]))) < 1000);
            assertTrue(millisUntilHeard(() -> aliases.move(tenant, "a", "canary", Alias.Split.to(1), "k", "")) < 1000);
            assertTrue(millisUntilHeard(() -> aliases.delete(tenant, "a", "canary", "k")) < 1000);
            assertTrue(millisUntilHeard(() -> new AdapterDao(test.database()).delete(tenant, "a", "k")) < 1000);
        }
    }

    @Test
    void aLostConnectionIsTakenUpAgainAndTellsThatSomethingMayHaveBeenMissed() throws InterruptedException {
        try (CatalogListener listener = listener()) {
            test.database().asOperator(handle -> handle.createQuery("""
                    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE query LIKE 'LISTEN%' OR query = 'COMMIT' AND pid <> pg_backend_pid()
                    """).mapTo(Long.class).one());
            assertNotNull(heard.poll(30, TimeUnit.SECONDS));
        }
    }
}
