package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.remote.Dialect;
import java.io.IOException;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every key and default: whoever adds or changes one says so here. */
class ServerConfigTest {
    private static ServerConfig defaults() {
        return Settings.read(Map.of(), Map.of());
    }

    @Test
    void theDefaultsAre() {
        assertEquals(new ServerConfig("127.0.0.1", 8080, 0, Path.of(".graft"), Optional.empty(), List.of("demo"), true,
                Optional.empty(),
                new ServerConfig.Storage(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
                        Optional.empty(), 16, Duration.ofSeconds(5), Duration.ofSeconds(60), Duration.ofSeconds(30),
                        Duration.ofSeconds(1), 100, "128MB"),
                new ServerConfig.Http(16 << 20, 2048, Duration.ofMinutes(5), Duration.ofSeconds(60)),
                new ServerConfig.Live(Duration.ofSeconds(1), Duration.ofMinutes(10), 64, 100),
                new ServerConfig.Keys(Optional.empty(), 10_000, Duration.ofSeconds(5), 10, 10_000,
                        Duration.ofHours(12), Duration.ofHours(24)),
                new ServerConfig.Metering(32, Duration.ofSeconds(10), 256, Duration.ofSeconds(30),
                        Duration.ofSeconds(5), 200, Duration.ofSeconds(10), Duration.ofMinutes(1), 3, 0),
                new ServerConfig.Admission(Duration.ofHours(1)),
                new ServerConfig.Idempotency(Duration.ofHours(24), 8 << 20, 64 << 20),
                new ServerConfig.Engine(ServerConfig.Engine.Kind.TORCH, "auto", ServerConfig.Engine.Precision.BF16, 0,
                        List.of(), 1L << 30, 0.5, 16, 512, 64, 256, 16, 1L << 30, 1L << 30, 2, 131_072, 1000,
                        ServerConfig.Engine.Operators.AUTO, new ServerConfig.Engine.Speculation(
                                ServerConfig.Engine.Speculation.Mode.AUTO, 12, 2, 16, 16_384, 4096, 64, 6)),
                new ServerConfig.Tensorrt(Optional.empty(), "tensorrt", 0.9, 0, 1L << 30, 0.05, 1 << 20,
                        Duration.ofSeconds(10), Optional.empty()),
                new ServerConfig.Remote("http://127.0.0.1:8000", Optional.empty(), Dialect.TRTLLM, Optional.empty(),
                        List.of(), Duration.ofSeconds(5), Duration.ofMinutes(5), Duration.ofMinutes(30),
                        Duration.ofSeconds(30), Duration.ofSeconds(1), 64),
                new ServerConfig.Embedder(Optional.empty(), 256, 2048, Optional.empty(), Optional.empty(), 512L << 20,
                        Duration.ofSeconds(5)),
                new ServerConfig.Limits(1024, 64, 1024, Duration.ofMinutes(5), 65_536, 32, 1 << 20,
                        Duration.ofMillis(100), 64),
                new ServerConfig.Tools("auto", 128, 4 << 20),
                new ServerConfig.Adapters(2L << 30, 4L << 30, 1000, 100, 4, 512, Duration.ofSeconds(10),
                        Duration.ofSeconds(1), Duration.ofMillis(500), 10L << 30, Duration.ofMinutes(1), 0,
                        Duration.ofMinutes(15), Duration.ofMinutes(5), 16 << 20, 100_000_000, false, List.of(),
                        List.of(), 64, Duration.ofMinutes(1), 1000, 8, Duration.ofDays(1)),
                new ServerConfig.Knowledge(128 << 20, 100_000, 10_000, 500, 16, 16_384, 64, 1, 16,
                        Duration.ofSeconds(15), Duration.ofSeconds(2), 5, Duration.ofSeconds(5),
                        Duration.ofSeconds(20), 512L << 20, Duration.ofSeconds(60), 16 << 20, 100, 60, 16, 0.9, 0.4,
                        Duration.ofMinutes(1), Duration.ofDays(30), 1000, 500, 1, 1600, 32, 20_000, 5_000, 16, 128,
                        256L << 20, 80, 20_000, Duration.ofSeconds(30), 256L << 20, 2000, 2000,
                        Optional.empty(), 512, true, 200_000, 2048, 0.35, 64 << 20, 16, Duration.ofHours(1),
                        List.of(), List.of(), 32 << 20, Duration.ofSeconds(30), 5),
                new ServerConfig.Log("INFO", 10 << 20, 5)), defaults());
    }

    @Test
    void theKeysAre() {
        assertEquals(Set.of("host", "port", "admin-port", "data", "cache", "bases", "demo", "ui",
                "database.url", "database.user", "database.password", "database.migration-user",
                "database.migration-password", "database.pool-size", "database.connection-wait",
                "database.start-limit", "database.stop-limit", "database.restart-pause",
                "database.max-connections", "database.shared-buffers",
                "http.body-limit", "http.max-connections", "http.idle-timeout", "http.drain-limit",
                "live.interval", "live.life", "live.watchers", "live.listed",
                "keys.pepper", "keys.cache-size", "keys.cache-life", "keys.bad-keys-per-minute",
                "keys.guessing-addresses", "keys.session-life", "keys.rotation-overlap",
                "metering.checkpoint-tokens", "metering.longest-wait", "metering.rows-per-commit", "metering.lease",
                "metering.prices-stale-after", "metering.most-labels", "metering.engine-time-interval",
                "metering.upkeep-interval", "metering.partitions-ahead", "metering.detach-after-days", "admission.longest-hold",
                "idempotency.keep", "idempotency.largest-reply", "idempotency.late-bytes",
                "engine.kind", "engine.device", "engine.precision", "engine.threads", "engine.operators",
                "engine.shares", "engine.kv-bytes", "engine.kv-fraction",
                "engine.tokens-per-block", "engine.tokens-per-step", "engine.max-running", "engine.max-waiting",
                "engine.max-adapters-per-step", "engine.adapter-bytes", "engine.adapter-host-bytes",
                "engine.adapter-loads", "engine.context-limit", "engine.retry-after-millis",
                "engine.speculation.mode", "engine.speculation.draft-tokens", "engine.speculation.shortest-match",
                "engine.speculation.longest-match", "engine.speculation.window", "engine.speculation.remembered-tokens",
                "engine.speculation.remembered-kinds", "engine.speculation.free-rows",
                "tensorrt.library", "tensorrt.folder",
                "tensorrt.kv-free-fraction", "tensorrt.kv-host-bytes", "tensorrt.adapter-cache-bytes",
                "tensorrt.adapter-device-fraction", "tensorrt.event-bytes", "tensorrt.stop-limit", "tensorrt.echo",
                "remote.url", "remote.key", "remote.dialect", "remote.model", "remote.command", "remote.connect-wait",
                "remote.silence",
                "remote.start-limit", "remote.stop-limit", "remote.restart-pause", "remote.most-adapters",
                "embedder.model", "embedder.window", "embedder.batch-tokens",
                "embedder.question-prefix", "embedder.document-prefix", "embedder.child-heap",
                "embedder.child-stop-limit",
                "limits.default-max-tokens", "limits.max-choices", "limits.passage-tokens", "limits.stall",
                "limits.schema-bytes", "limits.schema-depth", "limits.compiled-schema-bytes",
                "limits.schema-compile-time", "limits.compiled-schemas",
                "tools.format", "tools.most", "tools.compiled-bytes",
                "adapters.max-upload-bytes", "adapters.max-unpacked-bytes", "adapters.max-files", "adapters.max-ratio",
                "adapters.max-parallel-uploads", "adapters.max-rank", "adapters.probe-patience",
                "adapters.catalog-memory", "adapters.listener-wait", "adapters.deletion-grace",
                "adapters.sweep-interval", "adapters.cache-bytes", "adapters.cache-hold",
                "adapters.load-bytes-per-second", "adapters.header-bytes", "adapters.pattern-steps",
                "adapters.require-signature", "adapters.signing-keys", "adapters.local-folders",
                "adapters.shadow-queue", "adapters.shadow-patience", "adapters.shadow-kept", "adapters.prefetch",
                "adapters.prefetch-window",
                "knowledge.max-file-bytes", "knowledge.max-documents-per-store", "knowledge.max-queued-documents",
                "knowledge.max-files-per-call", "knowledge.max-queries", "knowledge.max-query-characters",
                "knowledge.max-filter-parts", "knowledge.ingestion-workers", "knowledge.embedding-batch",
                "knowledge.ingestion-lease", "knowledge.ingestion-poll", "knowledge.ingestion-attempts",
                "knowledge.ingestion-retry-pause", "knowledge.ingestion-turn", "knowledge.parser-heap",
                "knowledge.parser-time",
                "knowledge.parser-output-bytes", "knowledge.search-candidates", "knowledge.fusion-k",
                "knowledge.recorded-candidates", "knowledge.bm25-k1", "knowledge.bm25-b",
                "knowledge.housekeeping-interval", "knowledge.retrieval-retention", "knowledge.housekeeping-batch",
                "knowledge.max-results", "knowledge.fold-similarity", "knowledge.expansion-tokens",
                "knowledge.rerank-candidates", "knowledge.exact-limit", "knowledge.exact-documents",
                "knowledge.graph-links", "knowledge.graph-construction", "knowledge.graph-memory-bytes",
                "knowledge.graph-search", "knowledge.graph-scan", "knowledge.promotion-interval",
                "knowledge.image-memory-bytes", "knowledge.image-chunks", "knowledge.image-changes",
                "knowledge.reranker", "knowledge.reranker-window", "knowledge.reembed",
                "knowledge.pinned-tokens", "knowledge.auto-pinned-tokens", "knowledge.strict-support",
                "knowledge.max-part-bytes", "knowledge.max-pending-uploads", "knowledge.upload-life",
                "knowledge.url-hosts", "knowledge.url-private-hosts", "knowledge.url-bytes", "knowledge.url-time",
                "knowledge.url-redirects",
                "log.level", "log.file-bytes", "log.files"), Settings.keys().keySet());
    }

    @Test
    void noTwoKeysShareAVariable() {
        Set<String> variables = new HashSet<>();
        for (Map.Entry<String, Type> key : Settings.keys().entrySet()) {
            assertTrue(variables.add(Settings.variable(key.getKey())), key.getKey());
        }
    }

    @ParameterizedTest
    @CsvSource({"GRAFT_HOST,host", "GRAFT_PORT,port", "GRAFT_ADMIN_PORT,admin-port", "GRAFT_DATABASE_URL,database.url",
            "GRAFT_MIGRATION_USER,database.migration-user", "GRAFT_ENGINE,engine.kind", "GRAFT_DEVICE,engine.device",
            "GRAFT_MIGRATION_PASSWORD,database.migration-password", "GRAFT_PRECISION,engine.precision",
            "GRAFT_THREADS,engine.threads", "GRAFT_CACHE,cache", "GRAFT_DATABASE_POOL_SIZE,database.pool-size"})
    void theContractsVariablesAre(String variable, String key) {
        assertEquals(variable, Settings.variable(key));
    }

    @Test
    void theCommandLineComesBeforeTheEnvironmentBeforeTheFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("mine.yaml"), "host: file\nport: 1\nadmin-port: 1\n");
        ServerConfig config = Settings.read(Map.of("host", "line"),
                Map.of("GRAFT_HOST", "variable", "GRAFT_PORT", "2", "GRAFT_CONFIG", file.toString()));
        assertEquals("line", config.host());
        assertEquals(2, config.port());
        assertEquals(1, config.adminPort());
    }

    @Test
    void basesAreSplitAtCommasOrOnePerLine() {
        assertEquals(List.of("a=/m/one", "/m/two"), bases("a=/m/one, /m/two"));
        assertEquals(List.of("/m/one,odd", "/m/two"), bases("/m/one,odd\n/m/two\n"));
    }

    private static List<String> bases(String text) {
        return Settings.read(Map.of("bases", text), Map.of()).bases();
    }

    @Test
    void aValueThatDoesNotFitIsRefusedByKeyAndVariable() {
        Stream.of("GRAFT_PORT", "GRAFT_DEMO", "GRAFT_PRECISION", "GRAFT_HTTP_DRAIN_LIMIT").forEach(variable -> {
            SetupException refused = assertThrows(SetupException.class, () ->
                    Settings.read(Map.of(), Map.of(variable, "nonsense")));
            assertTrue(refused.getMessage().contains(variable), refused.getMessage());
            assertTrue(refused.getMessage().contains("nonsense"), refused.getMessage());
        });
    }

    @Test
    void aMisspeltKeyInAFileIsRefused(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("mine.yaml"), "database:\n  pool-sise: 3\n");
        SetupException refused = assertThrows(SetupException.class, () ->
                Settings.read(Map.of(), Map.of("GRAFT_CONFIG", file.toString())));
        assertTrue(refused.getMessage().contains("database.pool-sise"), refused.getMessage());
    }
}
