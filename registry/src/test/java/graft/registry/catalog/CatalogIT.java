package graft.registry.catalog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.Database;
import graft.registry.Listing;
import graft.registry.catalog.AdapterVersionDao.Deleted;
import graft.registry.catalog.AdapterVersionDao.NewFile;
import graft.registry.catalog.AdapterVersionDao.NewVersion;
import graft.registry.catalog.AdapterVersionDao.Published;
import graft.registry.catalog.AliasDao.Moved;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CatalogIT {
    private static final Listing BY_NAME = new Listing(Optional.empty(), Listing.Sort.NAME, false, Optional.empty(),
            10);
    private static TestDatabase test;
    private static Database database;
    private static AdapterDao adapters;
    private static AdapterShareDao shares;
    private static AdapterVersionDao versions;
    private static AliasDao aliases;
    private static ArtifactDao artifacts;
    private static CatalogDao catalog;
    private String alice;
    private String bob;

    @BeforeAll
    static void open() {
        test = TestDatabase.open();
        database = test.database();
        adapters = new AdapterDao(database);
        shares = new AdapterShareDao(database);
        versions = new AdapterVersionDao(database);
        aliases = new AliasDao(database);
        artifacts = new ArtifactDao(database);
        catalog = new CatalogDao(database);
    }

    @AfterAll
    static void close() {
        test.close();
    }

    @BeforeEach
    void twoFreshTenants() {
        alice = new TenantDao(database).create("test", "alice").id();
        bob = new TenantDao(database).create("test", "bob").id();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private int publish(String tenant, String adapter, byte[]... files) {
        return Versions.number(versions.publish(tenant, Versions.of(adapter, false, files)));
    }

    private static long count(String from) {
        return database.asOperator(handle ->
                handle.createQuery("SELECT count(*) FROM " + from).mapTo(Long.class).one());
    }

    private long artifactsOf(String tenant) {
        return count("artifact WHERE tenant_id = '" + tenant + "'");
    }

    private Optional<byte[]> read(String tenant, String owner, byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        return artifacts.read(tenant, owner, Versions.digest(bytes), out::write) ? Optional.of(out.toByteArray())
                : Optional.empty();
    }

    @Test
    void bytesComeBackAsTheyWereStoredWhateverTheirLength() {
        for (int length : new int[] {0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20}) {
            byte[] bytes = random(length);
            publish(alice, "lengths", bytes);
            assertArrayEquals(bytes, read(alice, alice, bytes).orElseThrow(), "length " + length);
        }
    }

    @Test
    void theFirstVersionGetsTheProductionAliasAndLaterOnesNeverMoveIt() {
        assertEquals(1, publish(alice, "a", random(10)));
        assertEquals(2, publish(alice, "a", random(11)));
        List<CatalogDao.Pointed> pointed = catalog.byAlias(alice, Optional.empty(), "a", "production");
        assertEquals(List.of(1), pointed.stream().map(CatalogDao.Pointed::version).toList());
    }

    @Test
    void theSameBytesAreKeptOnceATenantAndNeverAcrossTenants() {
        byte[] bytes = random(5000);
        publish(alice, "a", bytes, random(7));
        publish(alice, "a", bytes, random(8));
        publish(alice, "b", bytes);
        publish(bob, "a", bytes);
        assertEquals(3, artifactsOf(alice));
        assertEquals(1, artifactsOf(bob));
    }

    @Test
    void aTenantReachesBytesOnlyThroughAVersionItMaySee() {
        byte[] bytes = random(4000);
        publish(alice, "a", bytes);
        assertTrue(adapters.find(bob, "a").isEmpty());
        assertTrue(adapters.find(bob, alice, "a").isEmpty());
        assertTrue(versions.find(bob, alice, "a", 1).isEmpty());
        assertTrue(versions.files(bob, alice, contentOf(alice, "a")).isEmpty());
        assertTrue(read(bob, alice, bytes).isEmpty());
        assertEquals(0L, database.<Long>asTenant(bob, CatalogIT::everythingSeen));
        assertEquals(0L, database.<Long>asNobody(CatalogIT::everythingSeen));

        shares.grant(alice, "a", bob, "key");
        assertArrayEquals(bytes, read(bob, alice, bytes).orElseThrow());
        assertEquals(1, catalog.byAlias(bob, Optional.empty(), "a", "production").size());
        shares.revoke(alice, "a", bob, "key");
        assertTrue(read(bob, alice, bytes).isEmpty());

        shares.shareWithAll(alice, "a", true, "key");
        assertArrayEquals(bytes, read(bob, alice, bytes).orElseThrow());
        assertEquals(0L, database.<Long>asNobody(CatalogIT::everythingSeen), "shared, but nobody is no tenant");
        adapters.delete(alice, "a", "key");
    }

    private static String contentOf(String owner, String adapter) {
        return versions.find(owner, owner, adapter, 1).orElseThrow().digest();
    }

    private static long everythingSeen(Handle handle) {
        long seen = 0;
        for (String table : List.of("adapter", "adapter_share", "adapter_version", "adapter_content",
                "adapter_file", "artifact", "artifact_chunk", "adapter_alias", "adapter_alias_target",
                "adapter_alias_move", "adapter_number")) {
            seen += handle.createQuery("SELECT count(*) FROM " + table).mapTo(Long.class).one();
        }
        return seen;
    }

    @Test
    void aGuestMayReadASharedAdapterAndChangeNothing() {
        publish(alice, "a", random(20));
        shares.shareWithAll(alice, "a", true, "key");
        assertFalse(adapters.delete(bob, "a", "key"));
        assertInstanceOf(Deleted.Absent.class, versions.delete(bob, "a", 1, "key"));
        assertInstanceOf(Moved.Absent.class, aliases.move(bob, "a", "production", Alias.Split.to(1), "key", ""));
        assertFalse(aliases.delete(bob, "a", "production", "key"));
        int changed = database.asTenant(bob, handle -> handle.execute("UPDATE adapter SET base = 'x'")
                + handle.execute("DELETE FROM adapter") + handle.execute("DELETE FROM adapter_alias_target")
                + handle.execute("DELETE FROM artifact_chunk"));
        assertEquals(0, changed);
        adapters.delete(alice, "a", "key");
    }

    @Test
    void noRoleOfTheServerCanChangeAVersionOrItsBytes() {
        publish(alice, "a", random(20));
        for (String change : List.of("UPDATE adapter_version SET rank = 1", "UPDATE adapter_file SET path = 'x'",
                "UPDATE artifact_chunk SET bytes = ''")) {
            assertThrows(RuntimeException.class, () -> database.asTenant(alice, handle -> handle.execute(change)));
            assertThrows(RuntimeException.class, () -> database.asOperator(handle -> handle.execute(change)));
        }
    }

    @Test
    void ownAdaptersWinOverSharedNamesakes() {
        publish(alice, "same", random(30));
        shares.shareWithAll(alice, "same", true, "key");
        assertEquals(alice, adapters.find(bob, "same").orElseThrow().tenantId());
        publish(bob, "same", random(31));
        assertEquals(bob, adapters.find(bob, "same").orElseThrow().tenantId());
        assertEquals(alice, catalog.byAlias(bob, Optional.of(alice), "same", "production").getFirst().ownerTenantId());
        assertEquals(List.of(bob), adapters.list(bob, BY_NAME).stream().map(Adapter::tenantId).toList());
        adapters.delete(alice, "same", "key");
    }

    @Test
    void aVersionThatAnAliasPointsAtIsNotDeleted() {
        publish(alice, "a", random(40));
        publish(alice, "a", random(41));
        aliases.move(alice, "a", "canary",
                new Alias.Split(List.of(new Alias.Target(1, 5), new Alias.Target(2, 0))), "k", "");
        assertEquals(new Deleted.InUse("canary"), versions.delete(alice, "a", 2, "k"));
        assertThrows(RuntimeException.class, () -> database.asTenant(alice, handle ->
                handle.execute("DELETE FROM adapter_version WHERE version = 2")), "the schema itself forbids it");
        aliases.delete(alice, "a", "canary", "k");
        assertInstanceOf(Deleted.Gone.class, versions.delete(alice, "a", 2, "k"));
        assertInstanceOf(Deleted.Absent.class, versions.delete(alice, "a", 2, "k"));
        assertEquals(3, publish(alice, "a", random(42)), "a number is never given again");
    }

    @Test
    void anAdapterThatIsMadeAgainGoesOnCountingAndItsOldNamesStayAbsent() {
        publish(alice, "a", random(40));
        publish(alice, "a", random(41));
        assertTrue(adapters.delete(alice, "a", "k"));
        assertEquals(3, versions.nextNumber(alice, "a"));
        assertEquals(3, publish(alice, "a", random(42)));
        assertEquals(List.of(3), catalog.byAlias(alice, Optional.empty(), "a", "production").stream()
                .map(CatalogDao.Pointed::version).toList(), "its first version has the alias, whatever its number");
        assertTrue(catalog.byVersion(alice, Optional.empty(), "a", 1).isEmpty());
        assertTrue(adapters.delete(alice, "a", "k"));
        assertEquals(4, publish(alice, "a", random(43)));
        assertEquals(1, publish(bob, "a", random(43)), "another tenant counts for itself");
    }

    @Test
    void whatIsSaidAboutAVersionChangesAndWhatItIsDoesNot() {
        publish(alice, "a", random(40));
        AdapterVersion before = versions.find(alice, alice, "a", 1).orElseThrow();
        VersionMetadata said = new VersionMetadata("better", List.of("x", "y"), "s3://data/7", "{\"loss\": 0.5}");
        AdapterVersion after = versions.describe(alice, "a", 1, said, "key-2").orElseThrow();
        assertEquals(said, after.metadata());
        assertEquals("key-2", after.changed().orElseThrow().by());
        assertEquals(before.digest(), after.digest());
        assertEquals(before.createdAt(), after.createdAt());
        shares.shareWithAll(alice, "a", true, "k");
        assertTrue(versions.describe(bob, "a", 1, VersionMetadata.NONE, "key-3").isEmpty(), "a guest changes nothing");
        assertTrue(versions.describe(alice, "a", 2, VersionMetadata.NONE, "k").isEmpty());
        assertEquals(said, versions.find(bob, alice, "a", 1).orElseThrow().metadata());
    }

    @Test
    void rollbacksGoBackOneMoveEachAndPassOverDeletedVersions() {
        for (int i = 1; i <= 4; i++) publish(alice, "a", random(50 + i));
        for (int version : new int[] {2, 3, 4}) move("production", version);
        aliases.move(alice, "a", "production",
                new Alias.Split(List.of(new Alias.Target(3, 95), new Alias.Target(4, 5))), "k", "canary");
        assertEquals(List.of(new Alias.Target(4, 100)), rollback());
        assertEquals(List.of(new Alias.Target(3, 100)), rollback());
        versions.delete(alice, "a", 2, "k");
        assertEquals(List.of(new Alias.Target(1, 100)), rollback());
        assertInstanceOf(Moved.NothingBefore.class, aliases.rollback(alice, "a", "production", "k", ""));
        move("production", 4);
        assertEquals(List.of(new Alias.Target(1, 100)), rollback());
        assertEquals(new Moved.NoSuchVersion(9), aliases.move(alice, "a", "production", Alias.Split.to(9), "k", ""));
        assertInstanceOf(Moved.Absent.class, aliases.rollback(alice, "a", "nothing", "k", ""));
    }

    private void move(String alias, int version) {
        assertInstanceOf(Moved.Done.class, aliases.move(alice, "a", alias, Alias.Split.to(version), "k", ""));
    }

    private List<Alias.Target> rollback() {
        Moved moved = aliases.rollback(alice, "a", "production", "k", "");
        return assertInstanceOf(Moved.Done.class, moved).alias().targets();
    }

    @Test
    void aFailureInTheMiddleOfAPublicationLeavesNothing() {
        byte[] bytes = random(3 << 20);
        NewVersion sound = Versions.of("half", false, bytes);
        NewVersion broken = new NewVersion("half", "base", false, sound.digest(), "b", 4, List.of(), "{}",
                VersionMetadata.NONE, Provenance.UNKNOWN, List.of(), "k", Optional.empty(),
                List.of(new NewFile(sound.files().getFirst().file(),
                        () -> new ByteArrayInputStream(bytes, 0, 2 << 20))));
        assertThrows(ArtifactDao.CorruptArtifactException.class, () -> versions.publish(alice, broken));
        assertEquals(0, artifactsOf(alice));
        assertEquals(0, count("adapter WHERE tenant_id = '" + alice + "'"));
        assertEquals(1, Versions.number(versions.publish(alice, sound)));
    }

    @Test
    void limitsOfTheTenantHoldAndARefusalStoresNothing() {
        publish(alice, "one", random(1000));
        database.asOperator(handle -> handle.execute(
                "INSERT INTO tenant_limits (tenant_id, storage_bytes, max_adapters) VALUES (?, 2500, 1)", alice));
        assertEquals(new Published.OverLimit("max_adapters", 1),
                versions.publish(alice, Versions.of("two", false, random(10))));
        assertEquals(2, publish(alice, "one", random(1000)), "the same bytes count again, though they are kept once");
        assertEquals(new Published.OverLimit("storage_bytes", 2500),
                versions.publish(alice, Versions.of("one", false, random(501))));
        assertEquals(1, artifactsOf(alice));
        assertEquals(new Published.OtherBase("base"), versions.publish(alice, new NewVersion("one", "other", false,
                Versions.digest(new byte[0]), "b", 1, List.of(), "{}", VersionMetadata.NONE, Provenance.UNKNOWN,
                List.of(), "k", Optional.empty(), List.of())));
    }

    @Test
    void bytesThatNoVersionNamesAreSweptAfterTheirGrace() {
        byte[] gone = random(60);
        byte[] kept = random(61);
        publish(alice, "a", gone, kept);
        publish(alice, "b", kept);
        String content = contentOf(alice, "a");
        adapters.delete(alice, "a", "k");
        artifacts.sweep(Duration.ofHours(1));
        assertArrayEquals(gone, read(alice, alice, gone).orElseThrow(), "still there for requests in flight");
        assertEquals(2, versions.files(alice, alice, content).size());
        artifacts.sweep(Duration.ZERO);
        assertTrue(read(alice, alice, gone).isEmpty());
        assertArrayEquals(kept, read(alice, alice, kept).orElseThrow());
    }

    @Test
    void changedOrMissingBytesAreNeverBelieved() throws Exception {
        byte[] bytes = random((2 << 20) + 5);
        publish(alice, "a", bytes);
        asOwner("UPDATE artifact_chunk SET bytes = set_byte(bytes, 3, 255 - get_byte(bytes, 3)) WHERE number = 1");
        assertThrows(ArtifactDao.CorruptArtifactException.class, () -> read(alice, alice, bytes));
        asOwner("DELETE FROM artifact_chunk WHERE number = 2");
        assertThrows(ArtifactDao.CorruptArtifactException.class, () -> read(alice, alice, bytes));
    }

    private void asOwner(String sql) throws Exception {
        try (var connection = DriverManager.getConnection(test.owner().url(), test.owner().user(),
                test.owner().password()); var statement = connection.createStatement()) {
            statement.execute("ALTER TABLE artifact_chunk NO FORCE ROW LEVEL SECURITY");
            statement.execute(sql + " AND tenant_id = '" + alice + "'");
            statement.execute("ALTER TABLE artifact_chunk FORCE ROW LEVEL SECURITY");
        }
    }

    @Test
    void concurrentUploadsMovesDeletionsAndSweepsNeitherDeadlockNorLoseAVersion() throws Exception {
        byte[] common = random(200_000);
        publish(alice, "busy", common);
        List<Callable<Integer>> work = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            byte[] own = random(1000 + i);
            work.add(() -> publish(alice, "busy", common, own));
            work.add(() -> publish(alice, "busy", own, common));
            work.add(() -> {
                aliases.move(alice, "busy", "production", Alias.Split.to(1), "k", "");
                return 0;
            });
            int number = publish(alice, "busy", own);
            work.add(() -> {
                versions.delete(alice, "busy", number, "k");
                artifacts.sweep(Duration.ZERO);
                return 0;
            });
        }
        List<Integer> numbers = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            for (Future<Integer> done : threads.invokeAll(work)) if (done.get() > 0) numbers.add(done.get());
        }
        assertEquals(24, Set.copyOf(numbers).size());
        artifacts.sweep(Duration.ZERO);
        for (AdapterVersion version : versions.list(alice, alice, "busy", 100)) {
            for (VersionFile file : versions.files(alice, alice, version.digest())) {
                assertTrue(artifacts.read(alice, alice, file.artifact(), bytes -> { }), file.toString());
            }
        }
        assertEquals(25, versions.list(alice, alice, "busy", 100).size());
    }

    @Test
    void everyChangeIsInTheAuditLog() {
        publish(alice, "a", random(70));
        publish(alice, "a", random(71));
        aliases.move(alice, "a", "production", Alias.Split.to(2), "key-7", "better on tickets");
        aliases.rollback(alice, "a", "production", "key-7", "worse");
        versions.delete(alice, "a", 2, "key-7");
        adapters.delete(alice, "a", "key-7");
        List<String> actions = database.asTenant(alice, handle -> handle.createQuery(
                "SELECT action || ' ' || object FROM audit_log WHERE action NOT LIKE 'tenant%' ORDER BY id")
                .mapTo(String.class).list());
        assertEquals(List.of("adapter.upload a@1", "adapter.upload a@2", "alias.move a@production",
                "alias.rollback a@production", "adapter_version.delete a@2", "adapter.delete a"), actions);
    }
}
