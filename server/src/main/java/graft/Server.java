package graft;

import graft.KnowledgeRoom.EmbedderParts;
import graft.admission.BuiltInKeys;
import graft.admission.TenantAdmission;
import graft.api.AccountsApi;
import graft.api.Api;
import graft.api.Health;
import graft.api.HttpServer;
import graft.api.InferenceApi;
import graft.api.LiveApi;
import graft.api.Routes;
import graft.generation.Generation;
import graft.generation.grammar.Grammars;
import graft.generation.tools.ToolFormat;
import graft.metering.LedgerUsageRecorder;
import graft.metering.Metering;
import graft.metering.costs.EngineTimeMeter;
import graft.metering.costs.LedgerUpkeep;
import graft.registry.costs.CostBookDao;
import graft.registry.costs.EngineTimeDao;
import graft.registry.tenant.ApiKeyDao;
import graft.registry.tenant.Pepper;
import graft.registry.tenant.TenantDao;
import graft.registry.usage.AdmissionDao;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The running server, put together: the one place where the rooms meet. Parts start in the order of this file, slow
 * ones beside each other, and stop in reverse: requests drain first, Postgres stops last.
 */
final class Server implements AutoCloseable {
    private final Lifecycle lifecycle;
    private final int port;

    private Server(Lifecycle lifecycle, int port) {
        this.lifecycle = lifecycle;
        this.port = port;
    }

    /** What computes, opened beside each other while the database starts; a test brings its own. */
    record Arithmetic(Callable<ServedModels> models, Callable<EmbedderParts> embedder) {
        static Arithmetic of(ServerConfig config) {
            Artifacts artifacts = Artifacts.in(config.cache());
            List<ServedModels.Source> sources = sources(config, artifacts);
            return new Arithmetic(
                    () -> ServedModels.open(sources, EngineChoice.opener(config,
                            sources.stream().map(ServedModels.Source::id).toList())),
                    () -> EmbedderParts.open(artifacts, config));
        }
    }

    private static List<ServedModels.Source> sources(ServerConfig config, Artifacts artifacts) {
        return config.bases().stream().map(base -> ServedModels.Source.of(base, artifacts)).toList();
    }

    /** @throws SetupException when something that the user can provide is missing */
    static Server start(ServerConfig config, DataFolder data) {
        return start(config, data, Arithmetic.of(config));
    }

    static Server start(ServerConfig config, DataFolder data, Arithmetic arithmetic) {
        Lifecycle lifecycle = new Lifecycle();
        try {
            return start(config, data, arithmetic, lifecycle);
        } catch (RuntimeException | Error e) {
            lifecycle.close();
            throw e;
        }
    }

    private static Server start(ServerConfig config, DataFolder data, Arithmetic arithmetic, Lifecycle lifecycle) {
        Artifacts artifacts = Artifacts.in(config.cache());
        HttpServer.Options listening = new HttpServer.Options(config.host(), config.port(), config.adminPort(),
                config.http().maxConnections(), config.http().idleTimeout(), config.http().drainLimit(), config.ui());
        HttpServer.requireFree(listening);
        // 1. What takes seconds starts at once, side by side.
        Lifecycle.Starting<Storage> startingStorage = lifecycle.inBackground("storage", () ->
                Storage.open(config.database(), artifacts.cache(), data));
        Lifecycle.Starting<ServedModels> startingModels = lifecycle.inBackground("models", arithmetic.models());
        Lifecycle.Starting<EmbedderParts> startingEmbedder = lifecycle.inBackground("embedder",
                arithmetic.embedder());
        // 2. What needs the database, then the models.
        Storage storage = startingStorage.await();
        Metering metering = lifecycle.started("metering", metering(config, storage, data));
        AccountsApi accounts = accounts(config, storage, metering, data);
        EmbedderParts embedder = startingEmbedder.await();
        KnowledgeRoom knowledge = lifecycle.started("knowledge", new KnowledgeRoom(storage, embedder,
                new IndexBilling(metering.recorder()), config));
        ServedModels models = startingModels.await();
        models.engines().forEach(metering.metrics()::observe);
        metering.metrics().costs(new CostRates(new CostBookDao(storage.database()), models.engines(),
                config.metering().pricesStaleAfter()));
        lifecycle.started("engine-time", new EngineTimeMeter(new EngineTimeDao(storage.database()), models.engines(),
                metering.processId(), config.metering().engineTimeInterval(), Clock.systemUTC()));
        AdaptersRoom adapters = lifecycle.started("adapters", new AdaptersRoom(storage.database(), models, data,
                config.adapters()));
        TenantAdmission admission = new TenantAdmission(new AdmissionDao(storage.database(),
                config.admission().longestHold()), metering.prices(), metering.processId());
        ShadowRoom shadows = lifecycle.started("shadows", new ShadowRoom(storage.database(), metering.recorder(),
                adapters::engineAdapter, config.adapters()));
        metering.metrics().observeShadows(shadows.traffic()::counts);
        InferenceApi inference = inference(config, admission, metering, models, adapters, knowledge, embedder,
                shadows);
        if (config.demo()) seed(data, artifacts, sources(config, artifacts), adapters, knowledge);
        lifecycle.started("prefetch", adapters.prefetch(config.adapters()));
        // 3. The API over all of them, last, so that whoever reaches the port finds everything there.
        Health health = new Health(List.of(new Health.Check("database", storage::answers),
                new Health.Check("engine", models::healthy)));
        Routes routes = Api.routes(new Api.Parts(health, accounts, inference, adapters.api(),
                knowledge.api(data.spool("files"), admission, metering.recorder(), config.knowledge()),
                models.engines(), live(config.live(), metering)), config.http().bodyLimit());
        HttpServer http = lifecycle.started("http", HttpServer.start(listening, routes, health));
        data.writePort(http.port());
        return new Server(lifecycle, http.port());
    }

    private static InferenceApi inference(ServerConfig config, TenantAdmission admission, Metering metering,
            ServedModels models, AdaptersRoom adapters, KnowledgeRoom knowledge, EmbedderParts embedder,
            ShadowRoom shadows) {
        ServerConfig.Limits limits = config.limits();
        Generation generation = new Generation(models.forGeneration(), adapters::engineAdapter,
                Optional.of(knowledge.retrieval()), admission, metering.recorder(),
                new Generation.Settings(limits.defaultMaxTokens(), limits.passageTokens(), limits.stall(),
                        new Grammars.Limits(limits.schemaBytes(), limits.schemaDepth(), limits.compiledSchemaBytes(),
                        limits.schemaCompileTime(), config.tools().compiledBytes(), limits.compiledSchemas()),
                        toolFormat(config.tools()), new Generation.Grounding(config.knowledge().pinnedTokens(),
                                config.knowledge().autoPinnedTokens(), config.knowledge().strictSupport())),
                Clock.systemUTC(), shadows::answered);
        return new InferenceApi(new AskedCatalog(adapters.catalog(), metering.metrics()), generation,
                Optional.of(embedder.text()), admission, metering.recorder(),
                new InferenceApi.Settings(limits.maxChoices(), config.tools().most()), Clock.systemUTC());
    }

    private static Optional<ToolFormat> toolFormat(ServerConfig.Tools tools) {
        if (tools.format().equals("auto")) return Optional.empty();
        return Optional.of(ToolFormat.of(tools.format()).orElseThrow(() -> new SetupException("tools.format is auto, "
                + Stream.of(ToolFormat.values()).map(ToolFormat::word).collect(Collectors.joining(", "))
                + ", not '" + tools.format() + "'.")));
    }

    /** The demo's adapters fit the demo's base only; under another one the demo tenant has just its key. */
    private static void seed(DataFolder data, Artifacts artifacts, List<ServedModels.Source> sources,
            AdaptersRoom adapters, KnowledgeRoom knowledge) {
        for (ServedModels.Source source : sources) {
            if (source.isDemo(artifacts)) new DemoSeed(adapters, knowledge, adapters.base(source.id())).plant(data);
        }
    }

    private static LiveApi live(ServerConfig.Live settings, Metering metering) {
        return new LiveApi(metering.recorder().running(), settings.interval(), settings.life(), settings.watchers(),
                settings.listed());
    }

    private static Metering metering(ServerConfig config, Storage storage, DataFolder data) {
        ServerConfig.Metering settings = config.metering();
        return new Metering(storage.database(), data.node(), new Metering.Settings(settings.lease(),
                settings.pricesStaleAfter(), config.idempotency().keep(), config.idempotency().lateBytes(),
                settings.mostLabels(), new LedgerUsageRecorder.Settings(settings.checkpointTokens(), settings.longestWait(),
                        settings.rowsPerCommit()), new LedgerUpkeep.Settings(settings.upkeepInterval(),
                        settings.partitionsAhead(), settings.detachAfterDays())));
    }

    /** Also sees to the keys that a fresh server has. */
    private static AccountsApi accounts(ServerConfig config, Storage storage, Metering metering, DataFolder data) {
        ServerConfig.Keys settings = config.keys();
        Pepper pepper = settings.pepper().map(Pepper::of).orElseGet(() -> Pepper.inFile(data.path().resolve("pepper")));
        BuiltInKeys keys = new BuiltInKeys(new TenantDao(storage.database()),
                new ApiKeyDao(storage.database(), pepper), pepper);
        keys.operator(data.path());
        if (config.demo()) keys.demo(data.path());
        return new AccountsApi(storage.database(), pepper, metering, new AccountsApi.Settings(
                settings.cacheSize(), settings.cacheLife(), settings.badKeysPerMinute(), settings.guessingAddresses(),
                settings.sessionLife(), settings.rotationOverlap(), config.idempotency().largestReply(),
                config.admission().longestHold()));
    }

    int port() {
        return port;
    }

    /** Drains, then stops every part in reverse order of start. */
    @Override
    public void close() {
        lifecycle.close();
    }
}
