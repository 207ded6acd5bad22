package graft.api;

import graft.adapters.AdapterFiles;
import graft.admission.Catalog;
import graft.api.AdapterTenants.Seen;
import graft.registry.Listing;
import graft.registry.catalog.Adapter;
import graft.registry.catalog.AdapterDao;
import graft.registry.catalog.AdapterVersion;
import graft.registry.catalog.AdapterVersionDao;
import graft.registry.catalog.Alias;
import graft.registry.catalog.AliasDao;
import graft.registry.tenant.Scope;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Adapters and their versions: what there is, what it is made of, what is said about it, and taking it away. */
final class AdaptersResource implements Resource {
    private static final int MOST_VERSIONS = 100;
    private static final int NEWEST_IN_LISTS = 10;
    private final AdapterDao adapters;
    private final AdapterVersionDao versions;
    private final AliasDao aliases;
    private final AdapterFiles files;
    private final AdapterTenants tenants;
    private final Catalog catalog;
    private final Consumer<String> forget;

    /** @param forget told the digest of what was deleted, so that engines may free its memory */
    AdaptersResource(AdapterDao adapters, AdapterVersionDao versions, AliasDao aliases, AdapterFiles files,
            AdapterTenants tenants, Catalog catalog, Consumer<String> forget) {
        this.adapters = adapters;
        this.versions = versions;
        this.aliases = aliases;
        this.files = files;
        this.tenants = tenants;
        this.catalog = catalog;
        this.forget = forget;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.get("/admin/v1/adapters", Scope.ADAPTERS, this::list),
                Route.get("/admin/v1/adapters/{name}", Scope.ADAPTERS, this::get),
                Route.delete("/admin/v1/adapters/{name}", Scope.ADAPTERS, this::delete),
                Route.get("/admin/v1/adapters/{name}/versions/{version}", Scope.ADAPTERS, this::getVersion),
                Route.patch("/admin/v1/adapters/{name}/versions/{version}", Scope.ADAPTERS, this::describe),
                Route.delete("/admin/v1/adapters/{name}/versions/{version}", Scope.ADAPTERS, this::deleteVersion),
                Route.get("/admin/v1/adapters/{name}/versions/{version}/files", Scope.ADAPTERS, this::download));
    }

    private void list(Exchange exchange) {
        String viewer = tenants.owner(exchange);
        Listing listing = Lists.listing(exchange, Listing.Sort.NAME);
        List<AdapterBodies.AdapterBody> found = adapters.list(viewer, listing).stream()
                .map(adapter -> AdapterBodies.AdapterBody.of(viewer, adapter,
                        newest(viewer, adapter, NEWEST_IN_LISTS), aliases(viewer, adapter))).toList();
        exchange.ok(Page.of(found, listing.most(), AdapterBodies.AdapterBody::name));
    }

    private List<AdapterVersion> newest(String viewer, Adapter adapter, int most) {
        return versions.list(viewer, adapter.tenantId(), adapter.name(), most);
    }

    private List<Alias> aliases(String viewer, Adapter adapter) {
        return aliases.list(viewer, adapter.tenantId(), adapter.name());
    }

    private void get(Exchange exchange) {
        Seen seen = tenants.visible(exchange);
        exchange.ok(AdapterBodies.AdapterBody.of(seen.viewer(), seen.adapter(),
                newest(seen.viewer(), seen.adapter(), MOST_VERSIONS), aliases(seen.viewer(), seen.adapter())));
    }

    private void delete(Exchange exchange) {
        String owner = tenants.owner(exchange);
        String name = exchange.path("name");
        List<AdapterVersion> gone = versions.list(owner, owner, name, Integer.MAX_VALUE);
        if (!adapters.delete(owner, name, exchange.caller().keyId())) throw ApiException.notFound();
        catalog.changed();
        gone.forEach(version -> forget.accept(version.digest()));
        exchange.ok(new AdapterBodies.Deleted("adapter.deleted", name, true));
    }

    private record SeenVersion(Seen seen, AdapterVersion version) {}

    private SeenVersion version(Exchange exchange) {
        Seen seen = tenants.visible(exchange);
        return new SeenVersion(seen, versions.find(seen.viewer(), seen.adapter().tenantId(), seen.adapter().name(),
                number(exchange)).orElseThrow(ApiException::notFound));
    }

    static int number(Exchange exchange) {
        String text = exchange.path("version");
        if (!text.matches("[1-9][0-9]{0,8}")) throw ApiException.notFound();
        return Integer.parseInt(text);
    }

    private void getVersion(Exchange exchange) {
        SeenVersion found = version(exchange);
        Adapter adapter = found.seen().adapter();
        String viewer = found.seen().viewer();
        exchange.ok(AdapterBodies.VersionDetails.of(viewer, adapter, found.version(), aliases(viewer, adapter),
                versions.files(viewer, adapter.tenantId(), found.version().digest())));
    }

    private void describe(Exchange exchange) {
        String owner = tenants.owner(exchange);
        String name = exchange.path("name");
        int number = number(exchange);
        VersionFields.Description change = exchange.body(VersionFields.Description.class);
        AdapterVersion before = versions.find(owner, owner, name, number).orElseThrow(ApiException::notFound);
        AdapterVersion after = versions.describe(owner, name, number, change.over(before.metadata()),
                exchange.caller().keyId()).orElseThrow(ApiException::notFound);
        Adapter adapter = adapters.find(owner, owner, name).orElseThrow(ApiException::notFound);
        exchange.ok(AdapterBodies.VersionDetails.of(owner, adapter, after, aliases(owner, adapter),
                versions.files(owner, owner, after.digest())));
    }

    private void deleteVersion(Exchange exchange) {
        String owner = tenants.owner(exchange);
        String name = exchange.path("name");
        int number = number(exchange);
        AdapterVersion version = versions.find(owner, owner, name, number).orElseThrow(ApiException::notFound);
        switch (versions.delete(owner, name, number, exchange.caller().keyId())) {
            case AdapterVersionDao.Deleted.Absent absent -> throw ApiException.notFound();
            case AdapterVersionDao.Deleted.InUse used -> throw ApiException.conflict("The alias '" + used.alias()
                    + "' points at this version: move it first.");
            case AdapterVersionDao.Deleted.Gone gone -> {
                catalog.changed();
                forget.accept(version.digest());
                exchange.ok(new AdapterBodies.Deleted("adapter.version.deleted", name + "@" + number, true));
            }
        }
    }

    /** Proved on local disk first, so that a damaged file is an error answer and not a broken zip. */
    private void download(Exchange exchange) throws IOException {
        SeenVersion found = version(exchange);
        Path folder = files.engineAdapter(found.version().tenantId(), found.version().adapter(),
                found.version().version(), found.version().digest(), 1).files().folder();
        Map<String, InputStream> open = open(folder);
        try {
            zip(exchange, found.version().adapter() + "-" + found.version().version() + ".zip", open);
        } finally {
            for (InputStream file : open.values()) file.close();
        }
    }

    /** All at once: open files survive if the cache lets go of the folder during a long download. */
    private static Map<String, InputStream> open(Path folder) throws IOException {
        Map<String, InputStream> open = new LinkedHashMap<>();
        try (Stream<Path> paths = Files.list(folder)) {
            for (Path path : paths.sorted().toList())
                open.put(path.getFileName().toString(), Files.newInputStream(path));
        }
        return open;
    }

    private static void zip(Exchange exchange, String filename, Map<String, InputStream> files) {
        try (OutputStream out = exchange.download(filename); ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setLevel(Deflater.NO_COMPRESSION); // weights do not compress
            for (Map.Entry<String, InputStream> file : files.entrySet()) {
                zip.putNextEntry(new ZipEntry(file.getKey()));
                file.getValue().transferTo(zip);
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new EventStream.ClientLeft(e);
        }
    }
}
