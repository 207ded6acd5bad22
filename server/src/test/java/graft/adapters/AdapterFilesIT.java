package graft.adapters;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.catalog.AdapterDao;
import graft.registry.catalog.AdapterVersionDao;
import graft.registry.catalog.AdapterVersionDao.NewFile;
import graft.registry.catalog.AdapterVersionDao.NewVersion;
import graft.registry.catalog.ArtifactDao;
import graft.registry.catalog.Provenance;
import graft.registry.catalog.VersionFile;
import graft.registry.catalog.VersionMetadata;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdapterFilesIT {
    private static final int BYTES = 300_000;
    private static TestDatabase test;
    private static AdapterVersionDao versions;
    private static ArtifactDao artifacts;
    @TempDir
    private Path root;
    private String tenant;

    @BeforeAll
    static void open() {
        test = TestDatabase.open();
        versions = new AdapterVersionDao(test.database());
        artifacts = new ArtifactDao(test.database());
    }

    @AfterAll
    static void close() {
        test.close();
    }

    @BeforeEach
    void aTenant() {
        tenant = new TenantDao(test.database()).create("test", "tenant").id();
    }

    private AdapterFiles cache(long bytes, Duration hold) {
        return new AdapterFiles(root, versions, artifacts, new AdapterFiles.Limits(bytes, hold, 0), () -> true);
    }

    private static byte[] bytes(int seed) {
        byte[] bytes = new byte[BYTES];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** @return the digest of a stored adapter of one file of random bytes */
    private String store(int seed) {
        byte[] bytes = bytes(seed);
        MessageDigest sha = ContentDigest.sha256();
        VersionFile file = new VersionFile("adapter_model.safetensors",
                "sha256:" + HexFormat.of().formatHex(sha.digest(bytes)), bytes.length);
        String digest = ContentDigest.of(List.of(file));
        versions.publish(tenant, new NewVersion("adapter", "base", false, digest, "sha256:base", 4, List.of("q_proj"),
                "{}", VersionMetadata.NONE, Provenance.UNKNOWN, List.of(), "key", Optional.empty(),
                List.of(new NewFile(file, () -> new ByteArrayInputStream(bytes)))));
        return digest;
    }

    private static byte[] read(Path folder) throws IOException {
        return Files.readAllBytes(folder.resolve("adapter_model.safetensors"));
    }

    private void asOwner(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(test.owner().url(), test.owner().user(),
                test.owner().password()); Statement statement = connection.createStatement()) {
            statement.execute("ALTER TABLE artifact_chunk NO FORCE ROW LEVEL SECURITY");
            statement.execute(sql + " WHERE tenant_id = '" + tenant + "'");
            statement.execute("ALTER TABLE artifact_chunk FORCE ROW LEVEL SECURITY");
        }
    }

    private List<String> onDisk() throws IOException {
        try (Stream<Path> paths = Files.list(root)) {
            return paths.map(path -> "sha256:" + path.getFileName()).sorted().toList();
        }
    }

    @Test
    void aFolderHoldsTheStoredBytesAndIsFetchedOnce() throws Exception {
        String digest = store(1);
        AdapterFiles files = cache(1 << 30, Duration.ZERO);
        assertArrayEquals(bytes(1), read(files.folder(tenant, digest)));
        asOwner("DELETE FROM artifact_chunk");
        assertArrayEquals(bytes(1), read(files.folder(tenant, digest)), "needs no database any more");
    }

    @Test
    void manyWhoAskAtOnceGetTheSameFolder() throws Exception {
        String digest = store(2);
        AdapterFiles files = cache(1 << 30, Duration.ZERO);
        List<Callable<Path>> askers = new ArrayList<>();
        for (int i = 0; i < 16; i++) askers.add(() -> files.folder(tenant, digest));
        Set<Path> folders = new HashSet<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(16)) {
            for (Future<Path> folder : threads.invokeAll(askers)) folders.add(folder.get());
        }
        assertEquals(1, folders.size());
        assertEquals(List.of(digest), onDisk());
    }

    @Test
    void theLongestUnusedGoFirst() throws Exception {
        AdapterFiles files = cache(2 * BYTES, Duration.ZERO);
        String first = store(3);
        String second = store(4);
        String third = store(5);
        files.folder(tenant, first);
        files.folder(tenant, second);
        files.folder(tenant, first);
        files.folder(tenant, third);
        assertEquals(Stream.of(first, third).sorted().toList(), onDisk());
        assertArrayEquals(bytes(4), read(files.folder(tenant, second)), "and come back");
    }

    @Test
    void whatWasJustHandedOutStaysWhateverTheBound() throws Exception {
        AdapterFiles files = cache(BYTES, Duration.ofHours(1));
        List<String> digests = new ArrayList<>();
        for (int seed = 10; seed < 14; seed++) digests.add(store(seed));
        for (String digest : digests) files.folder(tenant, digest);
        assertEquals(digests.stream().sorted().toList(), onDisk());
    }

    @Test
    void aFormerRunsFolderIsProvedBeforeItIsUsed() throws Exception {
        String sound = store(20);
        String damaged = store(21);
        AdapterFiles before = cache(1 << 30, Duration.ZERO);
        before.folder(tenant, sound);
        Files.write(before.folder(tenant, damaged).resolve("adapter_model.safetensors"), new byte[10]);
        Files.createDirectories(root.resolve("loading-1234/half"));

        AdapterFiles after = cache(1 << 30, Duration.ZERO);
        assertFalse(Files.exists(root.resolve("loading-1234")), "a cut load leaves nothing");
        assertArrayEquals(bytes(21), read(after.folder(tenant, damaged)));
        asOwner("DELETE FROM artifact_chunk");
        assertArrayEquals(bytes(20), read(after.folder(tenant, sound)));
    }

    @Test
    void damagedBytesAreNeverHandedOutAndALaterRepairIsSeen() throws Exception {
        String digest = store(30);
        AdapterFiles files = cache(1 << 30, Duration.ZERO);
        asOwner("UPDATE artifact_chunk SET bytes = set_byte(bytes, 7, 255 - get_byte(bytes, 7))");
        for (int i = 0; i < 2; i++) assertThrows(UncheckedIOException.class, () -> files.folder(tenant, digest));
        assertEquals(List.of(), onDisk());
        asOwner("UPDATE artifact_chunk SET bytes = set_byte(bytes, 7, 255 - get_byte(bytes, 7))");
        assertArrayEquals(bytes(30), read(files.folder(tenant, digest)));
    }

    @Test
    void aDeletedVersionCanStillBeLoadedUntilItIsSwept() throws Exception {
        String digest = store(40);
        new AdapterDao(test.database()).delete(tenant, "adapter", "key");
        assertArrayEquals(bytes(40), read(cache(1 << 30, Duration.ZERO).folder(tenant, digest)));
        artifacts.sweep(Duration.ZERO);
        try (Stream<Path> paths = Files.list(root)) {
            paths.forEach(Spool::delete);
        }
        AdapterFiles files = cache(1 << 30, Duration.ZERO);
        UncheckedIOException gone = assertThrows(UncheckedIOException.class, () -> files.folder(tenant, digest));
        assertTrue(gone.getMessage().contains("not stored any more"), gone.getMessage());
    }

    @Test
    void loadsKeepToTheirRateWhileAnswersRun() {
        String digest = store(50);
        AdapterFiles files = new AdapterFiles(root, versions, artifacts,
                new AdapterFiles.Limits(1 << 30, Duration.ZERO, 2 * BYTES), () -> true);
        long start = System.nanoTime();
        files.folder(tenant, digest);
        long millis = (System.nanoTime() - start) / 1_000_000;
        assertTrue(millis >= 500, "half a second's worth of bytes took " + millis + " ms");
    }
}
