package graft.api;

import graft.admission.Admission;
import graft.knowledge.Ingestion;
import graft.knowledge.KnowledgeSearch;
import graft.knowledge.TextEmbedder;
import graft.metering.UsageRecorder;
import graft.registry.knowledge.ChunkDao;
import graft.registry.knowledge.DocumentDao;
import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.StoreDao;
import graft.registry.knowledge.receipts.ReceiptDao;
import graft.registry.knowledge.uploads.UploadDao;
import graft.registry.knowledge.whole.WholeStoreDao;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Files, knowledge stores, search and retrieval records over HTTP. */
public final class KnowledgeApi {
    private final List<Resource> resources;

    /**
     * @param spool           folder for uploads on their way, this process's alone
     * @param maxFileBytes    of one file
     * @param maxFilesPerCall that may be added when a store is created
     * @param maxQueries      of one search
     * @param maxResults      that a search may give beyond OpenAI's 50
     * @param maxPartBytes    of one part of an upload
     * @param uploadLife      how long one may take
     */
    public record Settings(Path spool, long maxFileBytes, int maxFilesPerCall, int maxQueries,
            int maxQueryCharacters, int maxResults, long maxPartBytes, int maxPendingUploads, Duration uploadLife) {}

    /** What the resources read and write. */
    public record Stored(FileDao files, StoreDao stores, DocumentDao documents, ChunkDao chunks,
            RetrievalDao retrievals, UploadDao uploads, WholeStoreDao whole, ReceiptDao receipts) {}

    public KnowledgeApi(Stored stored, Ingestion ingestion, KnowledgeSearch search, TextEmbedder embedder,
            Admission admission, UsageRecorder usage, Settings settings) {
        var storeFiles = new VectorStoreFilesResource(stored.stores(), stored.documents(), ingestion,
                settings.maxFilesPerCall());
        resources = List.of(
                new FilesResource(stored.files(), settings.spool(), settings.maxFileBytes()),
                new UploadsResource(stored.uploads(), stored.files(), settings.spool(), new UploadsResource.Bounds(
                        settings.maxFileBytes(), settings.maxPartBytes(), settings.maxPendingUploads(),
                        settings.uploadLife())),
                new ReplayResource(stored.retrievals(), stored.whole()),
                new ReceiptsResource(stored.receipts()),
                new VectorStoresResource(stored.stores(), storeFiles, embedder),
                storeFiles,
                new ChunksResource(stored.documents(), stored.chunks()),
                new VectorStoreSearchResource(search, stored.retrievals(),
                        new VectorStoreSearchResource.Meter(admission, usage, embedder),
                        new VectorStoreSearchResource.Bounds(settings.maxQueries(), settings.maxQueryCharacters(),
                                settings.maxResults())));
    }

    List<Resource> resources() {
        return resources;
    }
}
