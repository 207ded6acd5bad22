package graft.api;

import graft.adapters.AdapterUpload;
import graft.adapters.AdapterUpload.Wanted;
import graft.adapters.RefusedUploadException;
import graft.adapters.local.LocalFolders;
import graft.admission.Catalog;
import graft.registry.catalog.AdapterDao;
import graft.registry.catalog.AdapterVersion;
import graft.registry.catalog.AdapterVersionDao;
import graft.registry.catalog.Provenance;
import graft.registry.catalog.VersionMetadata;
import graft.registry.tenant.Scope;
import graft.registry.tenant.Tenant;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * vLLM's endpoints for adapters on the server's own disk, for the tools that call them
 * (docs.vllm.ai, "Dynamically serving LoRA Adapters"). A load is an upload of the folder's files, with the same proof;
 * what it made stays after a restart and is shared as an operator's uploads are.
 */
final class LoraAdaptersResource implements Resource {
    private static final Duration BUSY = Duration.ofSeconds(5);
    private final AdapterUpload upload;
    private final ServedBases bases;
    private final LocalFolders folders;
    private final AdapterDao adapters;
    private final AdapterVersionDao versions;
    private final Catalog catalog;
    private final Consumer<String> forget;
    private final int maxFiles;

    LoraAdaptersResource(AdapterUpload upload, ServedBases bases, LocalFolders folders, AdapterDao adapters,
            AdapterVersionDao versions, Catalog catalog, Consumer<String> forget, int maxFiles) {
        this.upload = upload;
        this.bases = bases;
        this.folders = folders;
        this.adapters = adapters;
        this.versions = versions;
        this.catalog = catalog;
        this.forget = forget;
        this.maxFiles = maxFiles;
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.post("/v1/load_lora_adapter", Scope.ADMIN, this::load),
                Route.post("/v1/unload_lora_adapter", Scope.ADMIN, this::unload));
    }

    /**
     * @param baseModelName of ours, where several bases are served
     * @param loadInplace   whether an adapter of that name gets a new version, which becomes its production one
     */
    record Load(String loraName, String loraPath, String baseModelName, Boolean loadInplace) {}

    private void load(Exchange exchange) throws IOException {
        Load asked = exchange.body(Load.class);
        String name = name(asked.loraName());
        AdapterNames.refusal(name, catalog).ifPresent(refusal -> {
            throw refusal;
        });
        String owner = exchange.caller().tenantId();
        boolean again = adapters.find(owner, owner, name).isPresent();
        if (again && !Boolean.TRUE.equals(asked.loadInplace())) throw ApiException.invalid("lora_name", "The lora "
                + "adapter '" + name + "' has already been loaded. Set 'load_inplace' to load it again.");
        List<LocalFolders.LocalFile> files = files(asked.loraPath());
        AdapterUpload.Session place = upload.begin().orElseThrow(() -> ApiException.serverBusy(BUSY));
        try (AdapterUpload.Session session = place) {
            for (LocalFolders.LocalFile file : files) {
                try (InputStream content = Files.newInputStream(file.path())) {
                    session.add(file.name(), content);
                }
            }
            AdapterVersion version = AdapterUploadResource.stored(session.publish(owner, new Wanted(name,
                    bases.named(Optional.ofNullable(asked.baseModelName())), owner.equals(Tenant.OPERATOR), "{}",
                    VersionMetadata.noted("loaded from a folder of the server"),
                    new Provenance(Optional.empty(), Provenance.Origin.FOLDER, Optional.empty()),
                    again ? Optional.of(AdapterVersionDao.FIRST_ALIAS) : Optional.empty(), List.of(),
                    exchange.caller().keyId())));
            catalog.changed();
            exchange.ok(AdapterBodies.Uploaded.of(version));
        } catch (RefusedUploadException e) {
            throw AdapterUploadResource.refusal(e);
        }
    }

    private List<LocalFolders.LocalFile> files(String path) {
        if (path == null || path.isBlank()) throw ApiException.invalid("lora_path", "'lora_path' is missing.");
        if (folders.isEmpty()) throw ApiException.invalid("lora_path",
                "This server loads no local folders: adapters.local-folders is empty. Upload the adapter instead.");
        return folders.files(path, maxFiles).orElseThrow(() -> ApiException.invalid("lora_path",
                "'lora_path' is no folder within adapters.local-folders whose files are all within them too."));
    }

    private static String name(String name) {
        if (name == null || name.isBlank()) throw ApiException.invalid("lora_name", "'lora_name' is missing.");
        return name;
    }

    record Unload(String loraName) {}

    record Unloaded(String object, String adapter, boolean deleted) {}

    /** Only what a folder still holds: an upload is the only copy that its owner may have. */
    private void unload(Exchange exchange) {
        String name = name(exchange.body(Unload.class).loraName());
        String owner = exchange.caller().tenantId();
        adapters.find(owner, owner, name).orElseThrow(() -> ApiException.modelNotFound(name));
        List<AdapterVersion> all = versions.list(owner, owner, name, Integer.MAX_VALUE);
        if (all.stream().anyMatch(version -> version.provenance().origin() != Provenance.Origin.FOLDER))
            throw ApiException.conflict("'" + name + "' was uploaded and not loaded from a folder; delete it with "
                    + "DELETE /admin/v1/adapters/" + name + ".");
        if (!adapters.delete(owner, name, exchange.caller().keyId())) throw ApiException.modelNotFound(name);
        catalog.changed();
        all.forEach(version -> forget.accept(version.digest()));
        exchange.ok(new Unloaded("adapter.unloaded", name, true));
    }
}
