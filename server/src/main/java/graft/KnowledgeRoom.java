package graft;

import graft.admission.Admission;
import graft.api.KnowledgeApi;
import graft.engine.Embedder;
import graft.engine.torch.TorchCrossEncoder;
import graft.engine.torch.TorchDevice;
import graft.engine.torch.TorchEmbedder;
import graft.engine.torch.child.EmbedderProcess;
import graft.knowledge.Filters;
import graft.knowledge.Housekeeping;
import graft.knowledge.IndexMeter;
import graft.knowledge.Ingestion;
import graft.knowledge.KnowledgeSearch;
import graft.knowledge.Reembedding;
import graft.knowledge.Retrieval;
import graft.knowledge.TextEmbedder;
import graft.knowledge.grounding.StoreRetrieval;
import graft.knowledge.parsing.Parser;
import graft.knowledge.retrieval.CrossEncoderReranker;
import graft.knowledge.retrieval.Promotion;
import graft.knowledge.web.WebPages;
import graft.metering.UsageRecorder;
import graft.registry.Database;
import graft.registry.knowledge.ChunkDao;
import graft.registry.knowledge.DocumentDao;
import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.IngestionDao;
import graft.registry.knowledge.NearestVectors;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.StoreDao;
import graft.registry.knowledge.images.StoreImages;
import graft.registry.knowledge.receipts.ReceiptDao;
import graft.registry.knowledge.uploads.UploadDao;
import graft.registry.knowledge.vectors.ReembeddingDao;
import graft.registry.knowledge.vectors.VectorGraphs;
import graft.registry.knowledge.whole.WholeStoreDao;
import graft.tokens.HuggingFaceTokenizer;
import graft.tokens.Tokenizer;
import graft.weights.ModelFiles;
import graft.weights.SentenceConfig;
import java.nio.file.Path;
import java.util.Optional;

/** Knowledge stores, put together: what is stored, the embedder, the queue that fills stores, the search over them. */
final class KnowledgeRoom implements AutoCloseable {
    private final KnowledgeApi.Stored stored;
    private final EmbedderParts embedder;
    private final Ingestion ingestion;
    private final Housekeeping housekeeping;
    private final Promotion promotion;
    private final Reembedding reembedding;
    private final Optional<RerankerParts> reranker;
    private final StoreImages images;
    private final KnowledgeSearch search;
    private final Retrieval retrieval;

    /** An embedder with its tokeniser; opened before the database is there. */
    record EmbedderParts(Embedder embedder, Tokenizer tokenizer, TextEmbedder text) implements AutoCloseable {
        /** @throws SetupException when the folder holds no usable encoder */
        static EmbedderParts open(Artifacts artifacts, ServerConfig config) {
            ServerConfig.Embedder settings = config.embedder();
            Path folder = settings.model().orElseGet(artifacts::embedder);
            try (ModelFiles files = ModelFiles.open(folder, ModelFiles.DEFAULT_HEADER_LIMIT)) {
                String json = files.tokenizerJson().orElseThrow(() ->
                        new SetupException(folder + " has no tokenizer.json: an embedder needs one."));
                Tokenizer tokenizer = HuggingFaceTokenizer.of(json);
                Embedder embedder = encoder(name(settings, folder), folder, config);
                return new EmbedderParts(embedder, tokenizer, new TextEmbedder(embedder, tokenizer,
                        prefixes(settings, SentenceConfig.read(folder))));
            }
        }

        /** Beside TensorRT-LLM libtorch has a process of its own. */
        private static Embedder encoder(String name, Path folder, ServerConfig config) {
            ServerConfig.Embedder settings = config.embedder();
            if (config.engine().kind() != ServerConfig.Engine.Kind.TENSORRT) return TorchEmbedder.open(name, folder,
                    TorchDevice.named(config.engine().device()), settings.window(), settings.batchTokens());
            return new EmbedderProcess(name, new EmbedderProcess.Settings(folder, settings.window(),
                    settings.batchTokens(), settings.childHeap(), settings.childStopLimit()));
        }

        private static TextEmbedder.Prefixes prefixes(ServerConfig.Embedder settings, SentenceConfig folder) {
            return new TextEmbedder.Prefixes(settings.questionPrefix().orElse(folder.questionPrefix()),
                    settings.documentPrefix().orElse(folder.documentPrefix()));
        }

        private static String name(ServerConfig.Embedder settings, Path folder) {
            return settings.model().isPresent() ? folder.getFileName().toString() : Artifacts.EMBEDDER_ID;
        }

        @Override
        public void close() {
            embedder.close();
            tokenizer.close();
        }
    }

    /** A cross-encoder with its tokeniser. */
    record RerankerParts(TorchCrossEncoder encoder, Tokenizer tokenizer) implements AutoCloseable {
        /** @throws SetupException when the folder holds no usable cross-encoder */
        static RerankerParts open(Path folder, ServerConfig config) {
            if (config.engine().kind() == ServerConfig.Engine.Kind.TENSORRT) throw new SetupException(
                    "knowledge.reranker can't be used with engine.kind tensorrt: libtorch does not share its process.");
            try (ModelFiles files = ModelFiles.open(folder, ModelFiles.DEFAULT_HEADER_LIMIT)) {
                String json = files.tokenizerJson().orElseThrow(() ->
                        new SetupException(folder + " has no tokenizer.json: a reranker needs one."));
                return new RerankerParts(TorchCrossEncoder.open(folder, TorchDevice.named(config.engine().device()),
                        config.knowledge().rerankerWindow(), config.embedder().batchTokens()),
                        HuggingFaceTokenizer.of(json));
            }
        }

        @Override
        public void close() {
            encoder.close();
            tokenizer.close();
        }
    }

    KnowledgeRoom(Storage storage, EmbedderParts embedder, IndexMeter meter, ServerConfig config) {
        ServerConfig.Knowledge settings = config.knowledge();
        Database database = storage.database();
        this.embedder = embedder;
        this.reranker = settings.reranker().map(folder -> RerankerParts.open(folder, config));
        stored = new KnowledgeApi.Stored(new FileDao(database), new StoreDao(database),
                new DocumentDao(database, new DocumentDao.Bounds(settings.maxDocumentsPerStore(),
                        settings.maxQueuedDocuments())), new ChunkDao(database), new RetrievalDao(database),
                new UploadDao(database), new WholeStoreDao(database), new ReceiptDao(database));
        ingestion = new Ingestion(stored.files(), new IngestionDao(database), embedder.text(),
                new Parser(new Parser.Settings(settings.parserHeap(), settings.parserTime(),
                        settings.parserOutputBytes())), pages(settings), meter,
                new Ingestion.Settings(settings.ingestionWorkers(), settings.embeddingBatch(),
                        settings.ingestionLease(), settings.ingestionPoll(), settings.ingestionAttempts(),
                        settings.ingestionRetryPause(), settings.ingestionTurn(), settings.reembed()));
        images = new StoreImages(database, new StoreImages.Settings(settings.imageMemoryBytes(),
                settings.imageChunks(), settings.imageChanges()));
        SearchDao legs = new SearchDao(database, new SearchDao.Bm25(settings.bm25K1(), settings.bm25B()),
                new NearestVectors.Effort(settings.graphSearch(), settings.graphScan(), settings.exactDocuments()),
                images);
        Filters filters = new Filters(settings.maxFilterParts());
        search = new KnowledgeSearch(legs, stored.retrievals(), embedder.text(), filters,
                reranker.map(parts -> new CrossEncoderReranker(parts.encoder(), parts.tokenizer())),
                new KnowledgeSearch.Settings(settings.searchCandidates(), settings.fusionK(),
                        settings.recordedCandidates(), settings.foldSimilarity(), settings.expansionTokens(),
                        settings.rerankCandidates()));
        retrieval = new StoreRetrieval(search, legs, stored.whole(), stored.retrievals(), filters,
                embedder.text());
        VectorGraphs graphs = new VectorGraphs(database, storage.owner(), new VectorGraphs.Settings(
                settings.exactLimit(), settings.graphLinks(), settings.graphConstruction(),
                settings.graphMemoryBytes()));
        reembedding = new Reembedding(new ReembeddingDao(database), graphs, embedder.text(),
                settings.embeddingBatch(), settings.promotionInterval());
        housekeeping = new Housekeeping(stored.files(), stored.stores(), stored.retrievals(), stored.uploads(),
                new Housekeeping.Settings(settings.housekeepingInterval(), settings.retrievalRetention(),
                        settings.housekeepingBatch()));
        ingestion.start();
        housekeeping.start();
        promotion = new Promotion(graphs, settings.promotionInterval());
        if (settings.reembed()) reembedding.start();
    }

    /** @throws SetupException for a host that is none */
    private static WebPages pages(ServerConfig.Knowledge settings) {
        try {
            return new WebPages(new WebPages.Settings(settings.urlHosts(), settings.urlPrivateHosts(),
                    settings.urlBytes(), settings.urlTime(), settings.urlRedirects()));
        } catch (IllegalArgumentException e) {
            throw new SetupException("knowledge.url-hosts or knowledge.url-private-hosts: " + e.getMessage(), e);
        }
    }

    KnowledgeApi api(Path spool, Admission admission, UsageRecorder usage, ServerConfig.Knowledge settings) {
        return new KnowledgeApi(stored, ingestion, search, embedder.text(), admission, usage,
                new KnowledgeApi.Settings(spool, settings.maxFileBytes(), settings.maxFilesPerCall(),
                        settings.maxQueries(), settings.maxQueryCharacters(), settings.maxResults(),
                        settings.maxPartBytes(), settings.maxPendingUploads(), settings.uploadLife()));
    }

    TextEmbedder embedder() {
        return embedder.text();
    }

    KnowledgeApi.Stored stored() {
        return stored;
    }

    Ingestion ingestion() {
        return ingestion;
    }

    /** In every mode. */
    Retrieval retrieval() {
        return retrieval;
    }

    @Override
    public void close() {
        ingestion.close();
        housekeeping.close();
        reembedding.close();
        promotion.close();
        images.close();
        reranker.ifPresent(RerankerParts::close);
    }
}
