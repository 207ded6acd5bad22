package graft.api;

import graft.adapters.AdapterFiles;
import graft.adapters.AdapterNorms;
import graft.adapters.AdapterUpload;
import graft.adapters.ServedBase;
import graft.adapters.local.LocalFolders;
import graft.admission.Catalog;
import graft.registry.Database;
import graft.registry.catalog.AdapterDao;
import graft.registry.catalog.AdapterShareDao;
import graft.registry.catalog.AdapterVersionDao;
import graft.registry.catalog.AliasDao;
import graft.registry.catalog.ShadowDao;
import graft.registry.tenant.AuditDao;
import graft.registry.tenant.TenantDao;
import java.util.List;
import java.util.function.Consumer;

/** Uploads, versions and aliases of adapters over HTTP. */
public final class AdaptersApi {
    private static final int PART_HEADER_BYTES = 8 << 10;
    private static final int FIELD_BYTES = 64 << 10;
    private final List<Resource> resources;

    /**
     * @param maxUploadBytes of one request's body ({@code adapters.max-upload-bytes}, 2 GiB)
     * @param maxFiles       parts of one request ({@code adapters.max-files}, 1,000)
     */
    public record Limits(long maxUploadBytes, int maxFiles) {}

    /**
     * @param bases  every base model that is served
     * @param forget told the digests of deleted versions: frees them in the engines
     * @param folders of this machine that adapters may be loaded from
     */
    public AdaptersApi(Database database, AdapterUpload upload, AdapterFiles files, Catalog catalog,
            List<ServedBase> bases, Consumer<String> forget, LocalFolders folders, Limits limits) {
        AdapterDao adapters = new AdapterDao(database);
        AliasDao aliases = new AliasDao(database);
        TenantDao accounts = new TenantDao(database);
        AdapterTenants tenants = new AdapterTenants(adapters, accounts);
        ServedBases served = new ServedBases(bases);
        AdapterVersionDao versions = new AdapterVersionDao(database);
        resources = List.of(
                new LoraAdaptersResource(upload, served, folders, adapters, versions, catalog, forget,
                        limits.maxFiles()),
                new AdapterUploadResource(upload, served, tenants, catalog, new AuditDao(database),
                        new Multipart.Limits(limits.maxUploadBytes(), limits.maxFiles(), PART_HEADER_BYTES,
                                FIELD_BYTES)),
                new AdaptersResource(adapters, versions, aliases, files, tenants, catalog,
                        forget),
                new AdapterNormsResource(versions, tenants, served, new AdapterNorms(files)),
                new AdapterSharesResource(adapters, new AdapterShareDao(database), tenants, accounts, catalog),
                new ShadowsResource(adapters, new ShadowDao(database), tenants, accounts, catalog),
                new AliasesResource(aliases, tenants, catalog));
    }

    List<Resource> resources() {
        return resources;
    }
}
