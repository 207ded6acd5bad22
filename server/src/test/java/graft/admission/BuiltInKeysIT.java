package graft.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.tenant.ApiKeyDao;
import graft.registry.tenant.KeyHolder;
import graft.registry.tenant.KeySecret;
import graft.registry.tenant.Pepper;
import graft.registry.tenant.Scope;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuiltInKeysIT {
    @TempDir
    private Path data;

    private static BuiltInKeys keys(TestDatabase database, Path data) {
        Pepper pepper = Pepper.inFile(data.resolve("pepper"));
        return new BuiltInKeys(new TenantDao(database.database()), new ApiKeyDao(database.database(), pepper), pepper);
    }

    private KeySecret written(String file) throws IOException {
        return KeySecret.parse(Files.readString(data.resolve(file)).strip()).orElseThrow();
    }

    @Test
    void keysAreMadeOnceAndKeptWhereOnlyTheServersUserReads() throws IOException {
        try (TestDatabase database = TestDatabase.open()) {
            String operator = keys(database, data).operator(data);
            String demo = keys(database, data).demo(data);
            KeySecret secret = written("admin.key");
            assertEquals(operator, keys(database, data).operator(data));
            assertEquals(secret, written("admin.key"));
            assertNotEquals(operator, demo);
            for (String file : new String[] {"admin.key", "demo.key", "pepper"})
                assertEquals("rw-------", PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(data.resolve(file))), file);
            ApiKeyDao dao = new ApiKeyDao(database.database(), Pepper.inFile(data.resolve("pepper")));
            KeyHolder holder = dao.find(secret.prefix()).orElseThrow();
            assertTrue(holder.scopes().contains(Scope.ADMIN) && !holder.scopes().contains(Scope.READ_ONLY));
            assertEquals(Set.of(Scope.INFERENCE, Scope.KNOWLEDGE, Scope.ADAPTERS),
                    dao.find(written("demo.key").prefix()).orElseThrow().scopes());
        }
    }

    @Test
    void aFreshDatabaseTakesTheKeyThatPeopleHave() throws IOException {
        KeySecret before;
        try (TestDatabase first = TestDatabase.open()) {
            keys(first, data).operator(data);
            before = written("admin.key");
        }
        try (TestDatabase second = TestDatabase.open()) {
            keys(second, data).operator(data);
            assertEquals(before, written("admin.key"));
            assertTrue(new ApiKeyDao(second.database(), Pepper.inFile(data.resolve("pepper"))).find(before.prefix())
                    .orElseThrow().valid());
        }
    }

    @Test
    void aRevokedOrLostKeyIsReplaced() throws IOException {
        try (TestDatabase database = TestDatabase.open()) {
            String first = keys(database, data).operator(data);
            new ApiKeyDao(database.database(), Pepper.inFile(data.resolve("pepper"))).revoke("test", "operator", first);
            String second = keys(database, data).operator(data);
            assertNotEquals(first, second);
            Files.delete(data.resolve("admin.key"));
            assertNotEquals(second, keys(database, data).operator(data));
            Files.writeString(data.resolve("admin.key"), "not a key");
            keys(database, data).operator(data);
            assertFalse(Files.readString(data.resolve("admin.key")).contains("not a key"));
        }
    }
}
