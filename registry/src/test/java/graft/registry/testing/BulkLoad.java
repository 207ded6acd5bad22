package graft.registry.testing;

import graft.registry.Database;
import graft.registry.knowledge.Document;
import graft.registry.knowledge.DocumentDao;
import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.IngestionDao;
import graft.registry.knowledge.IngestionDao.NewChunk;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.StoreDao;
import graft.registry.tenant.TenantDao;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Fills a store with chunks whose vectors are given, by the same DAOs as ingestion, without an embedder. One thread. */
public final class BulkLoad {
    private static final Duration LEASE = Duration.ofMinutes(10);
    private final FileDao files;
    private final DocumentDao documents;
    private final IngestionDao queue;
    public final String tenant;
    public final KnowledgeStore store;

    /** Into a new store of a new tenant. */
    public BulkLoad(Database database, String embedder, int dimensions) {
        this(database, new TenantDao(database).create("test", "bulk").id(), embedder, dimensions);
    }

    private BulkLoad(Database database, String tenant, String embedder, int dimensions) {
        this(database, tenant, new StoreDao(database).create(tenant, new StoreDao.NewStore("bulk", "", "{}", embedder,
                dimensions, Optional.empty())));
    }

    /** Into a store that is there. */
    public BulkLoad(Database database, String tenant, KnowledgeStore store) {
        this.files = new FileDao(database);
        this.documents = new DocumentDao(database, new DocumentDao.Bounds(1_000_000, 1000));
        this.queue = new IngestionDao(database);
        this.tenant = tenant;
        this.store = store;
    }

    /**
     * One document. @param chunks texts; @param vectors one or more windows of each; @param attributes JSON
     *
     * @return the file's id
     */
    public String add(List<String> chunks, List<List<float[]>> vectors, String attributes) {
        String file = files.create(tenant, new FileDao.NewFile("1.txt", "assistants", Optional.empty()),
                new ByteArrayInputStream("bulk".getBytes(StandardCharsets.UTF_8))).id();
        replace(file, chunks, vectors, attributes);
        return file;
    }

    /** The document of a file, which may be in the store already, is this now. */
    public void replace(String file, List<String> chunks, List<List<float[]>> vectors, String attributes) {
        documents.attach(tenant, store.id(), List.of(new DocumentDao.NewDocument(file, attributes,
                new Document.Chunking(800, 400))), false);
        IngestionDao.Job job = queue.claim("bulk", LEASE).orElseThrow();
        List<NewChunk> rows = new ArrayList<>();
        int at = 0;
        for (int i = 0; i < chunks.size(); i++) {
            int end = at + chunks.get(i).codePointCount(0, chunks.get(i).length());
            rows.add(new NewChunk(i, at, end, "", chunks.get(i), 1, vectors.get(i)));
            at = end + 1;
        }
        long revision = queue.begin(job, LEASE, String.join("\n", chunks));
        queue.append(job, LEASE, revision, rows);
        queue.publish(job, LEASE, revision);
    }

    public boolean remove(String file) {
        return documents.detach(tenant, store.id(), file, "test").isPresent();
    }
}
