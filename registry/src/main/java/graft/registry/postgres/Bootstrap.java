package graft.registry.postgres;

import graft.registry.Database.Login;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * What only a superuser may do, before the first migration: roles, the database, and pgvector, which is not a trusted
 * extension. Repeating it changes nothing, except that passwords become those given.
 *
 * <p>graft_owner owns every table and runs Flyway; it passes row-level security so that a migration that rewrites rows
 * sees them all. graft_app can't pass it. graft_admin passes it and is used by administration and workers only.
 */
public final class Bootstrap {
    public static final String SUPERUSER = "postgres";
    public static final String OWNER = "graft_owner";
    public static final String APP = "graft_app";
    public static final String ADMIN = "graft_admin";

    private Bootstrap() {}

    static void roles(Login superuser, Passwords passwords) throws SQLException {
        try (Connection connection = connect(superuser)) {
            role(connection, OWNER, "BYPASSRLS", passwords.owner());
            role(connection, APP, "NOBYPASSRLS", passwords.app());
            role(connection, ADMIN, "BYPASSRLS", passwords.admin());
        }
    }

    private static void role(Connection connection, String name, String attributes, String password)
            throws SQLException {
        boolean absent = !exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = '" + name + "'");
        run(connection, (absent ? "CREATE ROLE " : "ALTER ROLE ") + name + " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE "
                + attributes + " PASSWORD '" + password + "'");
    }

    /** @param url of the server, without a database: {@code jdbc:postgresql://127.0.0.1:5432/} */
    static void database(String url, Login superuser, String name) throws SQLException {
        try (Connection connection = connect(superuser)) {
            if (!exists(connection, "SELECT 1 FROM pg_database WHERE datname = '" + name + "'")) {
                run(connection, "CREATE DATABASE " + name + " OWNER " + OWNER);
                run(connection, "REVOKE ALL ON DATABASE " + name + " FROM PUBLIC");
                run(connection, "GRANT CONNECT ON DATABASE " + name + " TO " + APP + ", " + ADMIN);
            }
        }
        try (Connection connection = connect(new Login(url + name, superuser.user(), superuser.password()))) {
            run(connection, "CREATE EXTENSION IF NOT EXISTS vector");
            for (String statement : schemaGrants()) run(connection, statement);
            for (String statement : defaultGrants()) run(connection, statement);
        }
    }

    /** Who may do what in the schema; for whoever owns it. */
    static List<String> schemaGrants() {
        return List.of(
                "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
                "GRANT USAGE, CREATE ON SCHEMA public TO " + OWNER,
                "GRANT USAGE ON SCHEMA public TO " + APP + ", " + ADMIN);
    }

    /** What lets the two serving roles use tables that graft_owner will create; for graft_owner itself. */
    static List<String> defaultGrants() {
        String to = " TO " + APP + ", " + ADMIN;
        String byDefault = "ALTER DEFAULT PRIVILEGES FOR ROLE " + OWNER + " IN SCHEMA public GRANT ";
        return List.of(
                byDefault + "SELECT, INSERT, UPDATE, DELETE ON TABLES" + to,
                byDefault + "USAGE, SELECT ON SEQUENCES" + to,
                byDefault + "EXECUTE ON FUNCTIONS" + to);
    }

    static Connection connect(Login login) throws SQLException {
        return DriverManager.getConnection(login.url(), login.user(), login.password());
    }

    static boolean exists(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(query)) {
            return rows.next();
        }
    }

    static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
