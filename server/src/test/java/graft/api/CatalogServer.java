package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.adapters.AdapterFiles;
import graft.adapters.AdapterUpload;
import graft.adapters.PeftProof;
import graft.adapters.ServedBase;
import graft.adapters.local.LocalFolders;
import graft.adapters.signing.SignaturePolicy;
import graft.admission.Caller;
import graft.admission.Catalog;
import graft.engine.BaseModel;
import graft.registry.Database;
import graft.registry.catalog.AdapterVersionDao;
import graft.registry.catalog.ArtifactDao;
import graft.registry.catalog.CatalogDao;
import graft.registry.tenant.Scope;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import graft.weights.ModelConfig;
import graft.weights.PeftAdapter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The adapter endpoints over a database of their own, for the bases of the tiny models. Keys: alice, bob, operator. */
final class CatalogServer implements AutoCloseable {
    static final Path RESOURCES = Path.of(System.getProperty("graft.root"), "server/src/test/resources");
    static final long MAX_UPLOAD = 8 << 20;
    final TestDatabase test = TestDatabase.open();
    final Database database = test.database();
    final ArtifactDao artifacts = new ArtifactDao(database);
    final List<String> forgotten = new ArrayList<>();
    final Path work;
    final Catalog catalog;
    final AdapterFiles files;
    final TestServer http;
    final Map<String, Caller> callers;

    CatalogServer(Path work, String... baseNames) {
        this(work, SignaturePolicy.NONE, baseNames);
    }

    CatalogServer(Path work, SignaturePolicy signatures, String... baseNames) {
        this.work = work;
        TenantDao tenants = new TenantDao(database);
        Set<Scope> own = Set.of(Scope.INFERENCE, Scope.ADAPTERS);
        callers = Map.of(
                "alice", new Caller(tenants.create("test", "alice").id(), "alice", "key-alice", own),
                "bob", new Caller(tenants.create("test", "bob").id(), "bob", "key-bob", own),
                "nothing", new Caller("demo", "demo", "key-nothing", Set.of(Scope.INFERENCE)),
                "operator", new Caller("operator", "operator", "key-operator", Set.of(Scope.ADMIN)));
        List<ServedBase> bases = Stream.of(baseNames).map(CatalogServer::base).toList();
        catalog = new Catalog(new CatalogDao(database), bases.stream().map(base -> new Catalog.Base(
                base.model().id(), base.model().digest(), Instant.EPOCH)).toList(), Duration.ofHours(1));
        AdapterVersionDao versions = new AdapterVersionDao(database);
        files = new AdapterFiles(work.resolve("cache"), versions, artifacts,
                new AdapterFiles.Limits(1 << 30, Duration.ZERO, 0), () -> false);
        AdapterUpload upload = new AdapterUpload(work.resolve("spool"), versions,
                new AdapterUpload.Limits(256 << 20, 100, 100, 4), signatures);
        AdaptersApi api = new AdaptersApi(database, upload, files, catalog, bases, forgotten::add,
                new LocalFolders(List.of(work.resolve("allowed"))), new AdaptersApi.Limits(MAX_UPLOAD, 100));
        http = new TestServer(api.resources(), callers, 1 << 20);
    }

    private static ServedBase base(String name) {
        ModelConfig config = ModelConfig.read(RESOURCES.resolve("models").resolve(name));
        return new ServedBase(new BaseModel(name, "sha256:" + name, 128, config.vocabularySize(), Set.of()),
                new PeftProof(name, config, PeftAdapter.Limits.DEFAULT), Optional.empty());
    }

    /** Every file of a folder of the test resources that a user would send. */
    static MultipartBody folder(String folder) {
        MultipartBody body = new MultipartBody();
        files(RESOURCES.resolve(folder)).forEach((name, bytes) -> body.file("files", name, bytes));
        return body;
    }

    static Map<String, byte[]> files(Path folder) {
        Map<String, byte[]> found = new TreeMap<>();
        try (Stream<Path> paths = Files.list(folder)) {
            for (Path path : paths.filter(path -> path.getFileName().toString().startsWith("adapter_")).toList())
                found.put(path.getFileName().toString(), Files.readAllBytes(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    HttpResponse<byte[]> upload(String key, String name, MultipartBody body) {
        return http.send(key, "POST", "/admin/v1/adapters/" + name + "/versions", MultipartBody.TYPE, body.bytes());
    }

    static JsonNode json(HttpResponse<byte[]> response) {
        return Json.tree(response.body());
    }

    long count(String from) {
        return database.asOperator(handle -> handle.createQuery("SELECT count(*) FROM " + from)
                .mapTo(Long.class).one());
    }

    /** Rows of everything an upload writes. */
    long stored() {
        return count("adapter") + count("adapter_version") + count("adapter_content") + count("adapter_file")
                + count("artifact") + count("artifact_chunk") + count("adapter_alias") + count("adapter_alias_target");
    }

    boolean spoolIsEmpty() {
        try (Stream<Path> left = Files.list(work.resolve("spool"))) {
            return left.findAny().isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        http.close();
        test.close();
    }
}
