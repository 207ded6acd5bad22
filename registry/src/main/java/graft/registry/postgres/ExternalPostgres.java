package graft.registry.postgres;

import graft.registry.Database.Login;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * A Postgres that somebody else runs. Two users log in, which may be one, and each session takes its role at once:
 * graft_owner for migrations, graft_app and graft_admin for the two pools. So row-level security binds requests even
 * if the user is a superuser.
 *
 * <p>{@link #prepare} does what the migrating user is allowed to; for the rest it names an administrator's commands.
 *
 * @param serving   logs in for requests
 * @param migrating logs in for migrations
 */
public record ExternalPostgres(Login serving, Login migrating) {

    /** @throws PostgresException one sentence with the commands that an administrator has to run */
    public void prepare() {
        try (Connection connection = Bootstrap.connect(migrating)) {
            List<String> missing = missing(connection);
            for (String statement : missing) ask(connection, statement, missing);
        } catch (SQLException e) {
            throw unprepared(migrating, e);
        }
        Login owner = owner();
        try (Connection connection = Bootstrap.connect(owner)) {
            for (String grant : Bootstrap.defaultGrants()) Bootstrap.run(connection, grant);
        } catch (SQLException e) {
            throw unprepared(owner, e);
        }
    }

    private static PostgresException unprepared(Login login, SQLException e) {
        return new PostgresException("The database " + login.url() + " can't be prepared by the user " + login.user()
                + ": " + e.getMessage(), e);
    }

    private List<String> missing(Connection connection) throws SQLException {
        List<String> missing = new ArrayList<>();
        if (!Bootstrap.exists(connection, "SELECT 1 FROM pg_extension WHERE extname = 'vector'")) {
            missing.add("CREATE EXTENSION vector");
        }
        addRole(connection, missing, Bootstrap.OWNER + " NOLOGIN BYPASSRLS", migrating.user());
        addRole(connection, missing, Bootstrap.APP + " NOLOGIN NOBYPASSRLS", serving.user());
        addRole(connection, missing, Bootstrap.ADMIN + " NOLOGIN BYPASSRLS", serving.user());
        boolean granted = missing.isEmpty() && Bootstrap.exists(connection, "SELECT 1 WHERE has_schema_privilege('"
                + Bootstrap.OWNER + "', 'public', 'CREATE') AND has_schema_privilege('" + Bootstrap.APP
                + "', 'public', 'USAGE') AND has_schema_privilege('" + Bootstrap.ADMIN + "', 'public', 'USAGE')");
        if (!granted) missing.addAll(Bootstrap.schemaGrants());
        return missing;
    }

    private static void addRole(Connection connection, List<String> missing, String role, String member)
            throws SQLException {
        String name = role.substring(0, role.indexOf(' '));
        boolean there = Bootstrap.exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = '" + name + "'");
        if (!there) missing.add("CREATE ROLE " + role);
        if (!there || !Bootstrap.exists(connection, "SELECT 1 WHERE pg_has_role('" + member.replace("'", "''")
                + "', '" + name + "', 'SET')")) {
            missing.add("GRANT " + name + " TO \"" + member.replace("\"", "\"\"") + "\"");
        }
    }

    private void ask(Connection connection, String statement, List<String> missing) {
        try {
            Bootstrap.run(connection, statement);
        } catch (SQLException e) {
            String reason = e.getMessage().lines().findFirst().orElse("");
            throw new PostgresException("The user " + migrating.user() + " may not prepare the database (" + reason
                    + "): let its administrator run once there: " + String.join("; ", missing) + ";", e);
        }
    }

    public Login owner() {
        return as(Bootstrap.OWNER, migrating);
    }

    public Login app() {
        return as(Bootstrap.APP, serving);
    }

    public Login admin() {
        return as(Bootstrap.ADMIN, serving);
    }

    /** The role is a start-up option of the session, so it holds before the first statement. */
    private static Login as(String role, Login login) {
        String option = "options=" + URLEncoder.encode("-c role=" + role, StandardCharsets.UTF_8);
        return new Login(login.url() + (login.url().contains("?") ? "&" : "?") + option, login.user(),
                login.password());
    }
}
