package graft;

import graft.engine.remote.Dialect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Every setting of the server. The names are those of application.yaml in camel case, where each has its default and
 * its meaning; {@link Settings} reads and binds them. To add one, add a component here and a line there: a test holds
 * the two together.
 */
public record ServerConfig(String host, int port, int adminPort, Path data, Optional<Path> cache, List<String> bases,
        boolean demo, Optional<Path> ui, Storage database, Http http, Live live, Keys keys,
        Metering metering, Admission admission, Idempotency idempotency, Engine engine, Tensorrt tensorrt,
        Remote remote, Embedder embedder, Limits limits, Tools tools, Adapters adapters, Knowledge knowledge, Log log) {

    /** @param url JDBC URL of an external Postgres; absent starts the embedded one */
    public record Storage(Optional<String> url, Optional<String> user, Optional<String> password,
            Optional<String> migrationUser, Optional<String> migrationPassword, int poolSize, Duration connectionWait,
            Duration startLimit, Duration stopLimit, Duration restartPause, int maxConnections, String sharedBuffers) {}

    public record Http(long bodyLimit, int maxConnections, Duration idleTimeout, Duration drainLimit) {}

    /** The stream of readings that the admin UI shows; the meanings stand at {@link graft.api.LiveApi}. */
    public record Live(Duration interval, Duration life, int watchers, int listed) {}

    /** @param pepper shared by servers that share a database; absent: made once in the data folder */
    public record Keys(Optional<String> pepper, int cacheSize, Duration cacheLife, int badKeysPerMinute,
            int guessingAddresses, Duration sessionLife, Duration rotationOverlap) {}

    public record Metering(int checkpointTokens, Duration longestWait, int rowsPerCommit, Duration lease,
            Duration pricesStaleAfter, int mostLabels, Duration engineTimeInterval, Duration upkeepInterval,
            int partitionsAhead, int detachAfterDays) {}

    public record Admission(Duration longestHold) {}

    public record Idempotency(Duration keep, int largestReply, long lateBytes) {}

    /** The meanings stand at {@link graft.engine.torch.TorchSettings}; bytes are shared by the bases of one process. */
    public record Engine(Kind kind, String device, Precision precision, int threads, List<String> shares, long kvBytes,
            double kvFraction, int tokensPerBlock,
            int tokensPerStep, int maxRunning, int maxWaiting, int maxAdaptersPerStep, long adapterBytes,
            long adapterHostBytes, int adapterLoads, int contextLimit, int retryAfterMillis,
            Operators operators, Speculation speculation) {
        /** Which implementation of the port. */
        public enum Kind { TORCH, TENSORRT, REMOTE }

        public enum Precision { FLOAT32, BF16, FLOAT16, INT8, INT4 }

        /** AUTO: our own operators where they were built and can compute the model. */
        public enum Operators { AUTO, OFF }

        /** The meanings stand at {@link graft.scheduling.drafting.Speculation}. */
        public record Speculation(Mode mode, int draftTokens, int shortestMatch, int longestMatch, int window,
                int rememberedTokens, int rememberedKinds, double freeRows) {
            public enum Mode { AUTO, ON, OFF }
        }
    }

    /** Of engine.kind tensorrt; the meanings stand at {@link graft.engine.tensorrt.TensorRtSettings}. */
    public record Tensorrt(Optional<Path> library, String folder, double kvFreeFraction, long kvHostBytes,
            long adapterCacheBytes, double adapterDeviceFraction, int eventBytes, Duration stopLimit,
            Optional<String> echo) {}

    /** Of engine.kind remote; the meanings stand at {@link graft.engine.remote.RemoteSettings}. */
    public record Remote(String url, Optional<String> key, Dialect dialect, Optional<String> model,
            List<String> command, Duration connectWait, Duration silence, Duration startLimit, Duration stopLimit,
            Duration restartPause, int mostAdapters) {}

    /** @param model empty means the fetched one; empty prefixes mean those that the model's folder names */
    public record Embedder(Optional<Path> model, int window, int batchTokens, Optional<String> questionPrefix,
            Optional<String> documentPrefix, long childHeap, Duration childStopLimit) {}

    public record Limits(int defaultMaxTokens, int maxChoices, int passageTokens, Duration stall, int schemaBytes,
            int schemaDepth, int compiledSchemaBytes, Duration schemaCompileTime, int compiledSchemas) {}

    /** @param format auto, or one of {@link graft.generation.tools.ToolFormat} */
    public record Tools(String format, int most, int compiledBytes) {}

    public record Adapters(long maxUploadBytes, long maxUnpackedBytes, int maxFiles, int maxRatio,
            int maxParallelUploads, int maxRank, Duration probePatience, Duration catalogMemory, Duration listenerWait,
            long cacheBytes, Duration cacheHold, long loadBytesPerSecond, Duration deletionGrace,
            Duration sweepInterval, int headerBytes, long patternSteps, boolean requireSignature,
            List<Path> signingKeys, List<Path> localFolders, int shadowQueue, Duration shadowPatience, int shadowKept,
            int prefetch, Duration prefetchWindow) {}

    public record Knowledge(long maxFileBytes, int maxDocumentsPerStore, int maxQueuedDocuments, int maxFilesPerCall,
            int maxQueries, int maxQueryCharacters, int maxFilterParts, int ingestionWorkers, int embeddingBatch,
            Duration ingestionLease, Duration ingestionPoll, int ingestionAttempts, Duration ingestionRetryPause,
            Duration ingestionTurn, long parserHeap, Duration parserTime, int parserOutputBytes, int searchCandidates,
            int fusionK, int recordedCandidates, double bm25K1, double bm25B,
            Duration housekeepingInterval, Duration retrievalRetention, int housekeepingBatch, int maxResults,
            double foldSimilarity, int expansionTokens, int rerankCandidates, int exactLimit, int exactDocuments,
            int graphLinks, int graphConstruction, long graphMemoryBytes, int graphSearch, int graphScan,
            Duration promotionInterval, long imageMemoryBytes, int imageChunks, int imageChanges,
            Optional<Path> reranker, int rerankerWindow, boolean reembed,
            int pinnedTokens, int autoPinnedTokens, double strictSupport, long maxPartBytes, int maxPendingUploads,
            Duration uploadLife, List<String> urlHosts, List<String> urlPrivateHosts, int urlBytes, Duration urlTime,
            int urlRedirects) {}

    public record Log(String level, long fileBytes, int files) {}
}
