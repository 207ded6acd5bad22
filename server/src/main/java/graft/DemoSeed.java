package graft;

import graft.adapters.AdapterUpload;
import graft.adapters.ServedBase;
import graft.registry.catalog.Provenance;
import graft.registry.catalog.VersionMetadata;
import graft.registry.knowledge.Document.Chunking;
import graft.registry.knowledge.DocumentDao.NewDocument;
import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.Paging;
import graft.registry.knowledge.StoreDao;
import graft.registry.tenant.Tenant;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Gives the tenant {@code demo} its three adapters and its handbook, once: what a user deletes stays deleted. A start
 * that was cut short goes on where it stopped, because what is there already is left alone.
 */
final class DemoSeed {
    private static final System.Logger LOG = System.getLogger(DemoSeed.class.getName());
    private static final String ACTOR = "server";
    private static final String MARK = "demo.seeded";
    private static final String STORE = "handbook";
    /** OpenAI's static default, which {@code auto} stands for. */
    private static final Chunking CHUNKING = new Chunking(800, 400);
    private static final Map<String, String> MANIFESTS = Map.of(
            "triage", "{}", "house-voice", "{}",
            "raft-reader", "{\"prompt_format\": \"raft-v1\", \"instruction\": \"none\"}");
    private final AdaptersRoom adapters;
    private final KnowledgeRoom knowledge;
    private final ServedBase base;

    /** @param base the demo's base model */
    DemoSeed(AdaptersRoom adapters, KnowledgeRoom knowledge, ServedBase base) {
        this.adapters = adapters;
        this.knowledge = knowledge;
        this.base = base;
    }

    void plant(DataFolder data) {
        if (Files.exists(data.path().resolve(MARK))) return;
        URI demo = resources();
        if (demo.getScheme().equals("jar")) {
            try (FileSystem jar = FileSystems.newFileSystem(demo, Map.of())) {
                plant(jar.getPath("/demo"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        } else {
            plant(Path.of(demo).getParent());
        }
        data.write(MARK, "");
    }

    /** The folder inside and not "/demo" itself, of which the tests have one too. */
    private static URI resources() {
        try {
            return DemoSeed.class.getResource("/demo/adapters").toURI();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private void plant(Path demo) {
        try {
            for (String name : MANIFESTS.keySet().stream().sorted().toList()) {
                if (!adapters.isThere(Tenant.DEMO, name)) upload(name, demo.resolve("adapters").resolve(name));
            }
            fill(handbook(), demo.resolve("handbook"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void upload(String name, Path folder) throws IOException {
        try (AdapterUpload.Session session = adapters.upload().beginTrusted().orElseThrow()) {
            for (Path file : list(folder)) {
                try (InputStream content = Files.newInputStream(file)) {
                    session.add(file.getFileName().toString(), content);
                }
            }
            session.publish(Tenant.DEMO, new AdapterUpload.Wanted(name, base, false, MANIFESTS.get(name),
                    VersionMetadata.noted("Graft's demo"), Provenance.UNKNOWN, Optional.empty(), List.of(), ACTOR));
        }
        LOG.log(System.Logger.Level.INFO, "seeded adapter={0}", name);
    }

    private KnowledgeStore handbook() {
        StoreDao stores = knowledge.stored().stores();
        return stores.list(Tenant.DEMO, new Paging(100, false, Optional.empty(), Optional.empty())).stream()
                .filter(store -> store.name().equals(STORE)).findFirst()
                .orElseGet(() -> stores.create(Tenant.DEMO, new StoreDao.NewStore(STORE, "", "{}",
                        knowledge.embedder().space(), knowledge.embedder().dimensions(), Optional.empty())));
    }

    private void fill(KnowledgeStore store, Path folder) throws IOException {
        if (store.files().total() > 0) return; // attached together, all or none
        List<NewDocument> documents = new ArrayList<>();
        for (Path sheet : list(folder)) {
            try (InputStream content = Files.newInputStream(sheet)) {
                String id = knowledge.stored().files().create(Tenant.DEMO, new FileDao.NewFile(
                        sheet.getFileName().toString(), "assistants", Optional.empty()), content).id();
                documents.add(new NewDocument(id, "{}", CHUNKING));
            }
        }
        knowledge.stored().documents().attach(Tenant.DEMO, store.id(), documents, false);
        knowledge.ingestion().wake();
        LOG.log(System.Logger.Level.INFO, "seeded store={0} documents={1}", STORE, documents.size());
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }
}
