package graft;

import graft.adapters.AdapterFiles;
import graft.adapters.AdapterUpload;
import graft.adapters.ArtifactSweeper;
import graft.adapters.EngineProbe;
import graft.adapters.PeftProof;
import graft.adapters.ServedBase;
import graft.adapters.local.LocalFolders;
import graft.adapters.residency.Prefetch;
import graft.adapters.signing.SignaturePolicy;
import graft.adapters.signing.SigningKeys;
import graft.admission.Catalog;
import graft.admission.ResolvedModel;
import graft.api.AdaptersApi;
import graft.engine.EngineAdapter;
import graft.engine.InferenceEngine;
import graft.registry.Database;
import graft.registry.catalog.AdapterDao;
import graft.registry.catalog.AdapterVersionDao;
import graft.registry.catalog.ArtifactDao;
import graft.registry.catalog.CatalogDao;
import graft.registry.catalog.CatalogListener;
import graft.weights.PeftAdapter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Adapters, put together: their catalog, their upload with its proof, their files on local disk. */
final class AdaptersRoom implements AutoCloseable {
    private final Catalog catalog;
    private final CatalogDao rows;
    private final List<InferenceEngine> engines;
    private final AdapterDao adapters;
    private final AdapterFiles files;
    private final AdapterUpload upload;
    private final List<ServedBase> bases;
    private final AdaptersApi api;
    private final CatalogListener listener;
    private final ArtifactSweeper sweeper;

    AdaptersRoom(Database database, ServedModels models, DataFolder data, ServerConfig.Adapters settings) {
        adapters = new AdapterDao(database);
        AdapterVersionDao versions = new AdapterVersionDao(database);
        rows = new CatalogDao(database);
        engines = models.engines();
        catalog = new Catalog(rows, models.engines().stream().map(AdaptersRoom::base).toList(),
                settings.catalogMemory());
        ArtifactDao artifacts = new ArtifactDao(database);
        files = new AdapterFiles(data.adapterCache(), versions, artifacts, new AdapterFiles.Limits(
                settings.cacheBytes(), settings.cacheHold(), settings.loadBytesPerSecond()),
                () -> engines.stream().anyMatch(engine -> engine.status().running() > 0));
        upload = new AdapterUpload(data.spool("adapters"), versions, new AdapterUpload.Limits(
                settings.maxUnpackedBytes(), settings.maxFiles(), settings.maxRatio(), settings.maxParallelUploads()),
                signatures(settings));
        PeftAdapter.Limits limits = new PeftAdapter.Limits(settings.headerBytes(), settings.maxRank(),
                settings.patternSteps());
        bases = models.all().entrySet().stream().map(entry -> served(entry, limits, settings)).toList();
        api = new AdaptersApi(database, upload, files, catalog, bases,
                digest -> models.engines().forEach(engine -> engine.evict(digest)),
                new LocalFolders(settings.localFolders()),
                new AdaptersApi.Limits(settings.maxUploadBytes(), settings.maxFiles()));
        listener = new CatalogListener(database, catalog::changed, settings.listenerWait());
        sweeper = new ArtifactSweeper(artifacts, settings.deletionGrace(), settings.sweepInterval());
    }

    private static SignaturePolicy signatures(ServerConfig.Adapters settings) {
        try {
            return new SignaturePolicy(SigningKeys.read(settings.signingKeys()), settings.requireSignature());
        } catch (IllegalArgumentException | UncheckedIOException e) {
            throw new SetupException("Signatures can't be checked: " + e.getMessage() + ".", e);
        }
    }

    private static Catalog.Base base(InferenceEngine engine) {
        return new Catalog.Base(engine.model().id(), engine.model().digest(), Instant.now());
    }

    private static ServedBase served(Map.Entry<String, ServedModels.Served> entry, PeftAdapter.Limits limits,
            ServerConfig.Adapters settings) {
        InferenceEngine engine = entry.getValue().model().engine();
        return new ServedBase(engine.model(), new PeftProof(entry.getKey(), entry.getValue().config(), limits),
                Optional.of(new EngineProbe(engine, settings.probePatience())));
    }

    EngineAdapter engineAdapter(ResolvedModel.Adapter adapter) {
        return files.engineAdapter(adapter.ownerTenantId(), adapter.name(), adapter.version(), adapter.digest(), 1);
    }

    /** Loads in the background what was used most before the server started. */
    Prefetch prefetch(ServerConfig.Adapters settings) {
        return new Prefetch(() -> settings.prefetch() == 0 ? List.of() : rows.mostUsed(settings.prefetchWindow(),
                settings.prefetch()).stream().flatMap(used -> rows.byVersion(used.tenantId(), Optional.empty(),
                        used.adapter(), used.version()).stream()).flatMap(this::wish).toList(),
                settings.probePatience());
    }

    private Stream<Prefetch.Wish> wish(CatalogDao.Pointed pointed) {
        return engines.stream().filter(engine -> engine.model().id().equals(pointed.base()))
                .map(engine -> new Prefetch.Wish(files.engineAdapter(pointed.ownerTenantId(), pointed.adapter(),
                        pointed.version(), pointed.digest(), 1), engine));
    }

    Catalog catalog() {
        return catalog;
    }

    AdapterUpload upload() {
        return upload;
    }

    /** One of the base models that adapters may be uploaded for. */
    ServedBase base(String id) {
        return bases.stream().filter(base -> base.model().id().equals(id)).findFirst().orElseThrow();
    }

    boolean isThere(String tenantId, String name) {
        return adapters.find(tenantId, tenantId, name).isPresent();
    }

    AdaptersApi api() {
        return api;
    }

    @Override
    public void close() {
        sweeper.close();
        listener.close();
    }
}
