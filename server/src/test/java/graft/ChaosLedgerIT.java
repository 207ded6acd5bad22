package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.Database;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The ledger against what the engine wrote down itself, while clients leave midway, retry under their keys, the server
 * is killed and Postgres restarts. Fewer requests for a try: {@code -Dgraft.chaos.share=0.1}.
 */
@Tag("long")
class ChaosLedgerIT {
    /** {@code metering.checkpoint-tokens}. */
    private static final int INTERVAL = 32;
    @TempDir
    private Path folder;

    /** @param every completed requests between two kills; @param restartEvery between two restarts of Postgres */
    private record Plan(String name, int requests, int clients, int kills, int restarts, int maxTokens,
            Map<String, String> properties, Map<String, String> settings) {
        Plan scaled(double share) {
            return new Plan(name, (int) (requests * share), clients, Math.max(1, (int) (kills * share)),
                    Math.max(1, (int) (restarts * share)), maxTokens, properties, settings);
        }
    }

    @Test
    void tenThousandRequestsOnAFakeEngineAreBilledToTheToken() throws Exception {
        run(new Plan("fake", 10_000, 24, 20, 5, 64, Map.of("graft.step-micros", "8000"), Map.of()));
    }

    @Test
    void threeHundredRequestsOnTheRealEngineAreBilledToTheToken() throws Exception {
        run(new Plan("real", 300, 8, 4, 1, 12, Map.of("graft.engine", "real"), Map.of("GRAFT_THREADS", "1")));
    }

    private void run(Plan whole) throws Exception {
        Plan plan = whole.scaled(Double.parseDouble(System.getProperty("graft.chaos.share", "1")));
        long seed = Long.getLong("graft.chaos.seed", System.nanoTime());
        System.out.println("chaos " + plan.name() + " seed=" + seed);
        Path journal = folder.resolve("journal");
        Path data = Files.createDirectories(folder.resolve("data"));
        try (SharedPostgres postgres = SharedPostgres.start(folder.resolve("postgres"))) {
            Map<String, String> settings = new HashMap<>(postgres.settings());
            settings.putAll(plan.settings());
            settings.put("GRAFT_METERING_LEASE", "PT5S");
            Map<String, String> properties = new HashMap<>(plan.properties());
            properties.put("graft.journal", journal.toString());
            ChildServer server = ChildServer.start(data, 0, properties, settings);
            ChaosClients clients = new ChaosClients(server.port(), Files.readString(data.resolve("admin.key")).strip(),
                    plan.name().equals("real") ? Artifacts.DEMO_MODEL_ID : FakeServer.BASE, plan.maxTokens(), seed);
            try {
                clients.start(plan.requests(), plan.clients());
                Random random = new Random(seed);
                int events = plan.kills() + plan.restarts();
                int restarts = 0;
                for (int event = 1; event <= events; event++) {
                    int due = plan.requests() * event / (events + 1);
                    clients.awaitEnded(due + random.nextInt(Math.max(1, plan.requests() / (events * 4))));
                    clients.away();
                    if (restarts < plan.restarts() * event / events) {
                        restarts++;
                        postgres.restart();
                    } else {
                        server.kill();
                        server = ChildServer.start(data, server.port(), properties, settings);
                    }
                    clients.back();
                }
                clients.join();
            } finally {
                clients.close();
                server.close();
            }
            // Whatever is left open is a dead server's: the next one on the folder settles it.
            ChildServer.start(data, 0, properties, settings).close();
            try (Database database = postgres.join()) {
                check(plan, database, JournalingEngine.read(journal), clients);
            }
        }
    }

    private record Row(String ended, long decode, int events) {}

    private static void check(Plan plan, Database database, Map<String, Integer> emitted, ChaosClients clients) {
        Map<String, Row> rows = database.asOperator(handle -> handle.createQuery("""
                SELECT q.request_id, q.ended, q.decode,
                    (SELECT count(*) FROM usage_event e WHERE e.request_id = q.request_id AND e.component = 'decode')
                        AS events,
                    coalesce((SELECT sum(quantity) FROM usage_event e WHERE e.request_id = q.request_id
                        AND e.component = 'decode'), 0) AS billed
                FROM usage_request q WHERE q.state = 'settled'
                """).reduceRows(new HashMap<>(), (map, row) -> {
                    map.put(row.getColumn("request_id", String.class), new Row(row.getColumn("ended", String.class),
                            row.getColumn("billed", Long.class), row.getColumn("events", Integer.class)));
                    return map;
                }));
        long lived = 0;
        long difference = 0;
        long killed = 0;
        long most = 0;
        long over = 0;
        long twice = 0;
        for (Map.Entry<String, Integer> entry : emitted.entrySet()) {
            Row row = rows.get(entry.getKey());
            assertTrue(row != null, "emitted and not settled: " + entry);
            twice += Math.max(0, row.events() - 1);
            long unbilled = entry.getValue() - row.decode();
            if (row.ended().equals("crash")) {
                killed++;
                most = Math.max(most, unbilled);
                over += unbilled < 0 ? 1 : 0;
            } else {
                lived++;
                difference += Math.abs(unbilled);
            }
        }
        long open = count(database, "usage_request WHERE state = 'open'");
        long holds = count(database, "admission_hold");
        long total = database.asOperator(handle -> handle.createQuery("SELECT (SELECT coalesce(sum(cost_micros), 0) "
                + "FROM usage_event) - (SELECT coalesce(sum(total_micros), 0) FROM tenant_account)")
                .mapTo(Long.class).one());
        long unaccounted = database.asOperator(handle -> handle.createQuery("""
                SELECT coalesce(sum(abs(r.wall_micros - (SELECT coalesce(sum(t.micros), 0) FROM engine_time t
                    WHERE t.process_id = r.process_id AND t.base_id = r.base_id))), 0)::bigint FROM engine_run r
                """).mapTo(Long.class).one());
        System.out.println("chaos " + plan.name() + ": engine time unaccounted=" + unaccounted + " micros over "
                + count(database, "engine_run") + " runs");
        assertEquals(0, unaccounted, "wall clock minus tenants, idle and other");
        System.out.println("chaos " + plan.name() + ": requests=" + plan.requests() + " sequences=" + emitted.size()
                + " tokens=" + emitted.values().stream().mapToLong(Integer::longValue).sum() + " lived=" + lived
                + " billed-emitted=" + difference + " open-at-a-kill=" + killed + " most-unbilled=" + most
                + " overbilled=" + over + " duplicates=" + (twice + clients.billedTwice()) + " replayed="
                + clients.replayed() + " orphan-holds=" + holds + " open=" + open + " " + clients);
        assertEquals(0, difference, "billed - emitted of requests whose process lived");
        assertTrue(most <= INTERVAL && over == 0, "unbilled " + most + ", overbilled " + over);
        assertEquals(0, twice + clients.billedTwice(), "duplicates");
        assertEquals(0, holds, "orphan holds");
        assertEquals(0, open, "rows left open");
        assertEquals(0, total, "ledger minus accounts");
        assertTrue(killed > 0 && lived > plan.requests() / 2, "nothing was killed: " + killed + " " + lived);
    }

    private static long count(Database database, String from) {
        return database.asOperator(handle -> handle.createQuery("SELECT count(*) FROM " + from).mapTo(Long.class)
                .one());
    }
}
