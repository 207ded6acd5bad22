package graft.api;

import graft.adapters.AdapterFiles;
import graft.adapters.AdapterUpload;
import graft.adapters.ServedBase;
import graft.admission.Catalog;
import graft.registry.Database;
import graft.registry.catalog.AdapterDao;
import graft.registry.catalog.AdapterVersionDao;
import graft.registry.catalog.AliasDao;
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
     */
    public AdaptersApi(Database database, AdapterUpload upload, AdapterFiles files, Catalog catalog,
            List<ServedBase> bases, Consumer<String> forget, Limits limits) {
        AdapterDao adapters = new AdapterDao(database);
        AliasDao aliases = new AliasDao(database);
        AdapterTenants tenants = new AdapterTenants(adapters, new TenantDao(database));
        resources = List.of(
                new AdapterUploadResource(upload, List.copyOf(bases), tenants, catalog, new Multipart.Limits(
                        limits.maxUploadBytes(), limits.maxFiles(), PART_HEADER_BYTES, FIELD_BYTES)),
                new AdaptersResource(adapters, new AdapterVersionDao(database), aliases, files, tenants, catalog,
                        forget),
                new AliasesResource(aliases, tenants, catalog));
    }

    List<Resource> resources() {
        return resources;
    }
}
