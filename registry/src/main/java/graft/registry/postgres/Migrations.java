package graft.registry.postgres;

import graft.registry.Database.Login;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/**
 * Brings a database to this version's schema. Migrations are numbered by feature (V1xx tenants, V2xx catalog, V3xx
 * knowledge, V4xx usage), so they run out of order. Several servers may call at once: Flyway holds a lock meanwhile.
 */
public final class Migrations {
    private Migrations() {}

    /**
     * @param owner logs in as the role that owns the tables
     * @return how many migrations ran
     * @throws PostgresException when one fails; what it did was rolled back
     */
    public static int run(Login owner) {
        try {
            return Flyway.configure(Migrations.class.getClassLoader())
                    .dataSource(owner.url(), owner.user(), owner.password())
                    .locations("classpath:db/migration")
                    .outOfOrder(true)
                    .validateMigrationNaming(true)
                    .load().migrate().migrationsExecuted;
        } catch (FlywayException e) {
            throw new PostgresException("The database could not be migrated: " + e.getMessage().strip(), e);
        }
    }
}
