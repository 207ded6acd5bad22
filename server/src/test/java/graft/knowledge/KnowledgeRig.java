package graft.knowledge;

import graft.registry.knowledge.Document;
import graft.registry.knowledge.DocumentDao;
import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.IngestionDao;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.NearestVectors;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.StoreDao;
import graft.registry.knowledge.images.StoreImages;
import graft.registry.knowledge.uploads.UploadDao;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The knowledge room on a database of its own, with whatever embedder a test has. */
public final class KnowledgeRig implements AutoCloseable {
    public final TestDatabase test = TestDatabase.open();
    public final TextEmbedder embedder;
    public final FileDao files = new FileDao(test.database());
    public final StoreDao stores = new StoreDao(test.database());
    public final DocumentDao documents = new DocumentDao(test.database(), new DocumentDao.Bounds(10_000, 10_000));
    public final IngestionDao queue = new IngestionDao(test.database());
    public final RetrievalDao retrievals = new RetrievalDao(test.database());
    public final UploadDao uploads = new UploadDao(test.database());
    /** Of the smallest stores too, so that whatever is asked here is asked of an image once it is made. */
    public final StoreImages images = new StoreImages(test.database(), new StoreImages.Settings(64L << 20, 0, 2000));
    public final SearchDao legs = new SearchDao(test.database(), new SearchDao.Bm25(0.9, 0.4),
            NearestVectors.Effort.DEFAULTS, images);
    public final KnowledgeSearch search;

    public KnowledgeRig(TextEmbedder embedder) {
        this.embedder = embedder;
        this.search = new KnowledgeSearch(legs, retrievals, embedder, new Filters(64),
                KnowledgeSearch.Settings.DEFAULTS);
    }

    public Ingestion ingestion() {
        return new Ingestion(files, queue, embedder, Ingestion.Settings.DEFAULTS);
    }

    public String tenant(String name) {
        return new TenantDao(test.database()).create("test", name).id();
    }

    public KnowledgeStore store(String tenant) {
        return stores.create(tenant, new StoreDao.NewStore("store", "", "{}", embedder.id(), embedder.dimensions(),
                Optional.empty()));
    }

    public String upload(String tenant, String filename, String text) {
        return upload(tenant, filename, text.getBytes(StandardCharsets.UTF_8));
    }

    public String upload(String tenant, String filename, byte[] bytes) {
        return files.create(tenant, new FileDao.NewFile(filename, "assistants", Optional.empty()),
                new ByteArrayInputStream(bytes)).id();
    }

    public void attach(String tenant, KnowledgeStore store, String file, String attributes) {
        documents.attach(tenant, store.id(), List.of(new DocumentDao.NewDocument(file, attributes,
                new Document.Chunking(800, 400))), false);
    }

    public KnowledgeStore.FileCounts counts(String tenant, KnowledgeStore store) {
        return stores.find(tenant, store.id()).orElseThrow().files();
    }

    public KnowledgeSearch.Results search(String tenant, KnowledgeStore store, String query, int most, String filter) {
        return search.search(new KnowledgeSearch.Request(tenant, List.of(store.id()), List.of(query), most,
                Optional.of(filter).filter(text -> !text.isEmpty()), 0));
    }

    /** Looks again until it holds. @throws AssertionError after the time */
    public static void await(Duration most, BooleanSupplier condition) {
        long end = System.nanoTime() + most.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) throw new AssertionError("not within " + most);
            LockSupport.parkNanos(5_000_000);
        }
    }

    @Override
    public void close() {
        images.close();
        test.close();
    }
}
