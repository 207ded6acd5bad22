package graft.registry.tenant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.testing.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the database itself keeps apart, whatever a query forgets. */
class TenantIsolationIT {
    private static TestDatabase test;
    private static final String ONE = "tenant_one";
    private static final String TWO = "tenant_two";

    @BeforeAll
    static void twoTenantsWithRowsInEveryTable() {
        test = TestDatabase.open();
        TenantDao tenants = new TenantDao(test.database());
        ApiKeyDao keys = new ApiKeyDao(test.database(), Pepper.of("sixteen bytes or more"));
        for (String id : List.of(ONE, TWO)) {
            tenants.ensure("test", id, id);
            String key = keys.create("test", id, "k", Set.of(Scope.INFERENCE), Optional.empty()).key().id();
            new SessionDao(test.database(), Pepper.of("sixteen bytes or more")).create(id, key,
                    java.time.Duration.ofHours(1));
            new LimitsDao(test.database()).put("test", id, Limits.NONE);
            test.database().asOperator(handle -> {
                handle.execute("INSERT INTO tenant_account VALUES (?, 1, now(), 1, now(), 1)", id);
                handle.execute("INSERT INTO admission_window VALUES (?, 1, 1, 1)", id);
                handle.execute("INSERT INTO admission_hold VALUES (?, ?, 'r', 'p', 1, 1)", "hold " + id, id);
                handle.execute("INSERT INTO usage_request (day, request_id, tenant_id, key_id, operation, base_id, "
                        + "adapter_name, adapter_version, process_id, price_revision, opened_at) "
                        + "VALUES (now(), ?, ?, 'k', 'o', 'b', '', 0, 'p', 1, now())", "req " + id, id);
                handle.execute("INSERT INTO usage_event VALUES (now(), ?, 'decode', now(), ?, 'k', 'o', 'b', '', 0, 1, "
                        + "1, 1)", "req " + id, id);
                return true;
            });
        }
    }

    @AfterAll
    static void close() {
        test.close();
    }

    private static final Map<String, String> TABLES = Map.of("tenant", "id", "api_key", "tenant_id", "tenant_limits",
            "tenant_id", "session", "tenant_id", "audit_log", "tenant_id", "tenant_account", "tenant_id",
            "admission_window", "tenant_id", "admission_hold", "tenant_id", "usage_request", "tenant_id",
            "usage_event", "tenant_id");

    @Test
    void aQueryWithoutATenantTermSeesNothingForeign() {
        TABLES.forEach((table, column) -> {
            List<String> seen = test.database().asTenant(ONE, handle -> handle.createQuery(
                    "SELECT DISTINCT " + column + " FROM " + table).mapTo(String.class).list());
            assertEquals(List.of(ONE), seen, table);
        });
    }

    @Test
    void aTransactionWithoutATenantSeesNoRows() {
        TABLES.forEach((table, column) -> {
            long seen = test.database().asNobody(handle -> handle.createQuery("SELECT count(*) FROM " + table)
                    .mapTo(Long.class).one());
            assertEquals(0, seen, table);
        });
    }

    @Test
    void anEndedTransactionsTenantDoesNotStayOnItsConnection() {
        for (int i = 0; i < 20; i++) {
            test.database().asTenant(ONE, handle -> handle.execute("SELECT 1"));
            long seen = test.database().asNobody(handle -> handle.createQuery("SELECT count(*) FROM api_key")
                    .mapTo(Long.class).one());
            assertEquals(0, seen);
        }
    }

    @Test
    void aTenantsSingleQuerySeesItsOwnRowsAndItsTenantDoesNotStayOnItsConnection() {
        for (int i = 0; i < 20; i++) { // enough for the driver to prepare the statements
            String tenant = i % 2 == 0 ? ONE : TWO;
            assertEquals(List.of(tenant), test.database().queryAsTenant(tenant, "SELECT tenant_id FROM api_key"
                    + " WHERE name = :name", query -> query.bind("name", "k"), (row, context) -> row.getString(1)));
            long seen = test.database().asNobody(handle -> handle.createQuery("SELECT count(*) FROM api_key")
                    .mapTo(Long.class).one());
            assertEquals(0, seen);
        }
        assertThrows(IllegalArgumentException.class, () -> test.database().queryAsTenant(" ", "SELECT 1",
                query -> query, (row, context) -> row.getInt(1)));
    }

    @Test
    void aTenantsSingleQueryThatFailsChangesNothing() {
        String insert = "INSERT INTO audit_log (actor, tenant_id, action, object) VALUES ('failing', :of, 'b', 'c')"
                + " RETURNING 1 / :divisor";
        assertThrows(RuntimeException.class, () -> test.database().queryAsTenant(ONE, insert,
                query -> query.bind("of", TWO).bind("divisor", 1), (row, context) -> row.getInt(1)), "another's name");
        assertThrows(RuntimeException.class, () -> test.database().queryAsTenant(ONE, insert,
                query -> query.bind("of", ONE).bind("divisor", 0), (row, context) -> row.getInt(1)));
        long written = test.database().asOperator(handle -> handle.createQuery("SELECT count(*) FROM audit_log"
                + " WHERE actor = 'failing'").mapTo(Long.class).one());
        assertEquals(0, written);
    }

    @Test
    void aTenantCanNotWriteInAnothersNameOrWidenItsRights() {
        for (String attempt : List.of(
                "INSERT INTO audit_log (actor, tenant_id, action, object) VALUES ('a', 'tenant_two', 'b', 'c')",
                "INSERT INTO admission_window VALUES ('tenant_two', 5, 1, 1)",
                "UPDATE api_key SET scopes = '{admin}'",
                "UPDATE tenant_limits SET requests_per_minute = NULL",
                "UPDATE tenant_account SET total_micros = 0",
                "INSERT INTO usage_event SELECT * FROM usage_event",
                "UPDATE usage_request SET cost_micros = 0",
                "INSERT INTO price_revision (currency, created_by) VALUES ('USD', 'me')",
                "SELECT * FROM usage_event_rest", "SELECT * FROM server_process")) {
            assertThrows(RuntimeException.class,
                    () -> test.database().asTenant(ONE, handle -> handle.execute(attempt)), attempt);
        }
    }

    /** Ever more tables will come: each with a tenant's rows has to be behind a forced policy. */
    @Test
    void everyTableWithATenantColumnIsBehindForcedRowLevelSecurity() {
        List<String> open = test.database().asOperator(handle -> handle.createQuery("""
                SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE a.attname = 'tenant_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
                  AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
                """).mapTo(String.class).list());
        assertTrue(open.isEmpty(), open.toString());
    }
}
