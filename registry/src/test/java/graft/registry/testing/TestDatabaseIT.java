package graft.registry.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.Database.Login;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The roles, as every later table will meet them. */
class TestDatabaseIT {
    private static TestDatabase test;

    @BeforeAll
    static void aTableWithATenantPolicyAsMigrationsMakeThem() throws SQLException {
        test = TestDatabase.open();
        run(test.owner(), """
                CREATE TABLE note (tenant_id text NOT NULL, text text NOT NULL, place vector(3));
                ALTER TABLE note ENABLE ROW LEVEL SECURITY;
                ALTER TABLE note FORCE ROW LEVEL SECURITY;
                CREATE POLICY note_tenant ON note TO graft_app
                  USING (tenant_id = current_setting('graft.tenant', true))
                  WITH CHECK (tenant_id = current_setting('graft.tenant', true));
                INSERT INTO note VALUES ('a', 'of a', '[1,2,3]'), ('b', 'of b', '[3,2,1]')""");
    }

    @AfterAll
    static void close() {
        test.close();
    }

    @Test
    void aTenantSeesItsRowsAndNobodyWithoutATenantSeesAny() {
        assertEquals("of a", test.database().asTenant("a", handle ->
                handle.createQuery("SELECT text FROM note").mapTo(String.class).one()));
        long nobodys = test.database().asNobody(handle -> count(handle, "note"));
        long operators = test.database().asOperator(handle -> count(handle, "note"));
        assertEquals(0, nobodys);
        assertEquals(2, operators);
    }

    @Test
    void aTenantCanNotWriteForAnother() {
        Exception refused = assertThrows(RuntimeException.class, () -> test.database().asTenant("a", handle ->
                handle.execute("INSERT INTO note VALUES ('b', 'forged', NULL)")));
        assertTrue(refused.getMessage().contains("row-level security"), refused.getMessage());
        int changed = test.database().asTenant("a", handle ->
                handle.execute("UPDATE note SET text = 'x' WHERE tenant_id = 'b'"));
        assertEquals(0, changed);
    }

    @Test
    void theServingRoleCanNotBypassRowLevelSecurity() {
        for (String attempt : new String[] {"SET ROLE graft_admin", "SET ROLE graft_owner", "SET ROLE postgres",
                "ALTER TABLE note DISABLE ROW LEVEL SECURITY", "ALTER ROLE graft_app BYPASSRLS",
                "CREATE TABLE mine (x int)", "DROP POLICY note_tenant ON note",
                "SET row_security = off; SELECT * FROM note"}) {
            assertThrows(SQLException.class, () -> run(test.app(), attempt), attempt);
        }
        boolean passes = test.database().asNobody(handle -> handle.createQuery(
                "SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user")
                .mapTo(boolean.class).one());
        assertFalse(passes);
    }

    @Test
    void everyClassGetsItsOwnDatabase() {
        try (TestDatabase other = TestDatabase.open()) {
            long tables = other.database().asOperator(handle ->
                    count(handle, "pg_tables WHERE tablename = 'note'"));
            assertEquals(0, tables);
        }
    }

    private static long count(Handle handle, String from) {
        return handle.createQuery("SELECT count(*) FROM " + from).mapTo(Long.class).one();
    }

    private static void run(Login login, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(login.url(), login.user(), login.password());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
