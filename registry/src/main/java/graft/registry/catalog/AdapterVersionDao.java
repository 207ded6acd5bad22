package graft.registry.catalog;

import graft.registry.Database;
import graft.registry.tenant.AuditDao;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Immutable versions of adapters and their files. Any thread may call; every method is one transaction. */
public final class AdapterVersionDao {
    public static final String FIRST_ALIAS = "production";
    private final Database database;

    public AdapterVersionDao(Database database) {
        this.database = database;
    }

    /** Opens a file's bytes from their beginning. */
    @FunctionalInterface
    public interface Content {
        InputStream open() throws IOException;
    }

    /** @param content what the file's digest was computed from */
    public record NewFile(VersionFile file, Content content) {}

    /**
     * A proved version that has no number yet.
     *
     * @param shareNew whether the adapter is shared with all if this upload creates it
     * @param manifest JSON object
     * @param alias    moved to this version besides, if given
     */
    public record NewVersion(String adapter, String base, boolean shareNew, String digest, String baseDigest, int rank,
            List<String> targetModules, String manifest, VersionMetadata metadata, Provenance provenance,
            List<String> warnings, String createdBy, Optional<String> alias, List<NewFile> files) {
        public NewVersion {
            targetModules = List.copyOf(targetModules);
            warnings = List.copyOf(warnings);
            files = List.copyOf(files);
        }

        long sizeBytes() {
            return files.stream().mapToLong(file -> file.file().sizeBytes()).sum();
        }
    }

    /** What became of a publication. */
    public sealed interface Published {
        record Stored(AdapterVersion version) implements Published {}

        /** The adapter's versions are for this other base; nothing was stored. */
        record OtherBase(String base) implements Published {}

        /** A limit of the tenant would be passed; nothing was stored. */
        record OverLimit(String limit, long most) implements Published {}

        /** The adapter has no version of this number to come from; nothing was stored. */
        record NoSuchParent(int version) implements Published {}
    }

    /**
     * Stores files, version and number in one transaction: all of it or nothing. The first version of an adapter makes
     * the adapter and the alias {@link #FIRST_ALIAS}.
     */
    public Published publish(String tenantId, NewVersion version) {
        try {
            return database.asTenant(tenantId, handle -> publish(handle, tenantId, version));
        } catch (RefusedException e) {
            return e.published;
        }
    }

    /** Carries a refusal out of the transaction, so that it is rolled back. */
    private static final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient Published published;

        RefusedException(Published published) {
            super(published.toString(), null, false, false);
            this.published = published;
        }
    }

    private static Published publish(Handle handle, String tenantId, NewVersion version) {
        ArtifactDao.holdOffSweep(handle, tenantId);
        // Bytes first, because they take long and everything after holds locks that alias moves wait for; in the order
        // of their names, so that two uploads with common files wait for each other and never in a ring.
        version.files().stream().sorted(Comparator.comparing(file -> file.file().artifact()))
                .forEach(file -> store(handle, tenantId, file));
        handle.createQuery("SELECT 1 FROM pg_advisory_xact_lock(hashtextextended('adapters of ' || :tenant, 0))")
                .bind("tenant", tenantId).mapTo(Integer.class).one();
        int made = handle.createUpdate("""
                INSERT INTO adapter (tenant_id, name, base, shared) VALUES (:tenant, :name, :base, :shared)
                ON CONFLICT DO NOTHING
                """).bind("tenant", tenantId).bind("name", version.adapter()).bind("base", version.base())
                .bind("shared", version.shareNew()).execute();
        Adapter adapter = AdapterDao.find(handle, tenantId, tenantId, version.adapter()).orElseThrow();
        if (!adapter.base().equals(version.base())) throw new RefusedException(new Published.OtherBase(adapter.base()));
        refuseOverLimit(handle, tenantId, version.sizeBytes());
        version.provenance().parent().ifPresent(parent -> find(handle, tenantId, version.adapter(), parent)
                .orElseThrow(() -> new RefusedException(new Published.NoSuchParent(parent))));
        int number = nextNumber(handle, tenantId, version.adapter());
        keepContent(handle, tenantId, version);
        insert(handle, tenantId, version, number);
        if (made == 1) point(handle, tenantId, version, FIRST_ALIAS, number);
        version.alias().filter(alias -> made == 0 || !alias.equals(FIRST_ALIAS))
                .ifPresent(alias -> point(handle, tenantId, version, alias, number));
        AuditDao.record(handle, version.createdBy(), tenantId, "adapter.upload", version.adapter() + "@" + number,
                Map.of("digest", version.digest()));
        CatalogDao.announce(handle);
        return new Published.Stored(find(handle, tenantId, version.adapter(), number).orElseThrow());
    }

    /**
     * After what an adapter of this name that was deleted had. Its own statement: what a deletion that the insertion
     * waited for has kept is seen only by a later one.
     */
    private static int nextNumber(Handle handle, String tenantId, String name) {
        return handle.createQuery("""
                UPDATE adapter SET last_version = 1 + greatest(last_version, (SELECT n.last_version
                    FROM adapter_number n WHERE n.tenant_id = :tenant AND n.name = :name))
                WHERE tenant_id = :tenant AND name = :name RETURNING last_version
                """).bind("tenant", tenantId).bind("name", name).mapTo(Integer.class).one();
    }

    private static void point(Handle handle, String tenantId, NewVersion version, String alias, int number) {
        AliasDao.move(handle, tenantId, version.adapter(), alias, Alias.Split.to(number), version.createdBy());
    }

    private static void store(Handle handle, String tenantId, NewFile file) {
        try (InputStream content = file.content().open()) {
            ArtifactDao.store(handle, tenantId, file.file(), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The digest is over the files' names and digests, so what is there under it has the same files. */
    private static void keepContent(Handle handle, String tenantId, NewVersion version) {
        int fresh = handle.createUpdate("""
                INSERT INTO adapter_content (tenant_id, digest) VALUES (:tenant, :digest) ON CONFLICT DO NOTHING
                """).bind("tenant", tenantId).bind("digest", version.digest()).execute();
        if (fresh == 0) {
            handle.createUpdate("""
                    UPDATE adapter_content SET unreferenced_at = NULL WHERE tenant_id = :tenant AND digest = :digest
                    """).bind("tenant", tenantId).bind("digest", version.digest()).execute();
            return;
        }
        for (NewFile file : version.files()) {
            handle.createUpdate("INSERT INTO adapter_file VALUES (:tenant, :digest, :path, :artifact)")
                    .bind("tenant", tenantId).bind("digest", version.digest()).bind("path", file.file().path())
                    .bind("artifact", file.file().artifact()).execute();
        }
    }

    private static void insert(Handle handle, String tenantId, NewVersion version, int number) {
        handle.createUpdate("""
                INSERT INTO adapter_version (tenant_id, adapter, version, digest, base_digest, rank, target_modules,
                    size_bytes, manifest, note, tags, training_data, metrics, parent, origin, signed_by, warnings,
                    created_by)
                VALUES (:tenant, :adapter, :number, :digest, :baseDigest, :rank, :targets, :size, :manifest::jsonb,
                    :note, :tags, :trainingData, :metrics::jsonb, :parent::integer, :origin, :signedBy, :warnings,
                    :createdBy)
                """).bind("tenant", tenantId).bind("adapter", version.adapter()).bind("number", number)
                .bind("digest", version.digest()).bind("baseDigest", version.baseDigest())
                .bind("rank", version.rank()).bindArray("targets", String.class, version.targetModules())
                .bind("size", version.sizeBytes()).bind("manifest", version.manifest())
                .bind("note", version.metadata().note())
                .bindArray("tags", String.class, version.metadata().tags())
                .bind("trainingData", version.metadata().trainingData()).bind("metrics", version.metadata().metrics())
                .bind("parent", version.provenance().parent().orElse(null))
                .bind("origin", version.provenance().origin().name().toLowerCase(Locale.ROOT))
                .bind("signedBy", version.provenance().signedBy().orElse(""))
                .bindArray("warnings", String.class, version.warnings()).bind("createdBy", version.createdBy())
                .execute();
    }

    /** Every version counts with its full size: what is kept once for two of them is our saving, not the tenant's. */
    private static void refuseOverLimit(Handle handle, String tenantId, long added) {
        Optional<Long> adapters = limit(handle, tenantId, "max_adapters");
        if (adapters.isPresent() && count(handle, tenantId, "adapter") > adapters.get())
            throw new RefusedException(new Published.OverLimit("max_adapters", adapters.get()));
        Optional<Long> bytes = limit(handle, tenantId, "storage_bytes");
        if (bytes.isEmpty()) return;
        // The same lock and the same sum as for files of knowledge stores: they share the limit.
        handle.createQuery("SELECT 1 FROM pg_advisory_xact_lock(hashtextextended('storage ' || :tenant, 0))")
                .bind("tenant", tenantId).mapTo(Integer.class).one();
        long used = handle.createQuery("""
                SELECT (SELECT coalesce(sum(bytes), 0) FROM file WHERE tenant_id = :tenant)
                    + (SELECT coalesce(sum(size_bytes), 0) FROM adapter_version WHERE tenant_id = :tenant)
                """).bind("tenant", tenantId).mapTo(Long.class).one();
        if (used + added > bytes.get())
            throw new RefusedException(new Published.OverLimit("storage_bytes", bytes.get()));
    }

    private static Optional<Long> limit(Handle handle, String tenantId, String limit) {
        return handle.createQuery("SELECT " + limit
                + " FROM tenant_limits WHERE tenant_id = :tenant AND " + limit + " IS NOT NULL")
                .bind("tenant", tenantId).mapTo(Long.class).findOne();
    }

    private static long count(Handle handle, String tenantId, String table) {
        return handle.createQuery("SELECT count(*) FROM " + table + " WHERE tenant_id = :tenant")
                .bind("tenant", tenantId).mapTo(Long.class).one();
    }

    /** The number that a publication would get now; another upload may take it first. */
    public int nextNumber(String tenantId, String adapter) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT 1 + coalesce(
                    (SELECT last_version FROM adapter WHERE tenant_id = :tenant AND name = :adapter),
                    (SELECT last_version FROM adapter_number WHERE tenant_id = :tenant AND name = :adapter), 0)
                """).bind("tenant", tenantId).bind("adapter", adapter).mapTo(Integer.class).one());
    }

    /** A version of exactly this owner's adapter, if this tenant may see it. */
    public Optional<AdapterVersion> find(String tenantId, String owner, String adapter, int version) {
        return database.asTenant(tenantId, handle -> find(handle, owner, adapter, version));
    }

    private static Optional<AdapterVersion> find(Handle handle, String owner, String adapter, int version) {
        return handle.createQuery("""
                SELECT * FROM adapter_version WHERE tenant_id = :owner AND adapter = :adapter AND version = :version
                """).bind("owner", owner).bind("adapter", adapter).bind("version", version)
                .map(AdapterVersion.MAPPER).findOne();
    }

    /** Newest first. */
    public List<AdapterVersion> list(String tenantId, String owner, String adapter, int limit) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT * FROM adapter_version WHERE tenant_id = :owner AND adapter = :adapter
                ORDER BY version DESC LIMIT :limit
                """).bind("owner", owner).bind("adapter", adapter).bind("limit", limit)
                .map(AdapterVersion.MAPPER).list());
    }

    /** Changes what is said about a version of one's own. Empty if there is none. */
    public Optional<AdapterVersion> describe(String tenantId, String adapter, int version, VersionMetadata metadata,
            String by) {
        return database.asTenant(tenantId, handle -> {
            int changed = handle.createUpdate("""
                    UPDATE adapter_version SET note = :note, tags = :tags, training_data = :trainingData,
                        metrics = :metrics::jsonb, changed_by = :by, changed_at = now()
                    WHERE tenant_id = :tenant AND adapter = :adapter AND version = :version
                    """).bind("note", metadata.note()).bindArray("tags", String.class, metadata.tags())
                    .bind("trainingData", metadata.trainingData()).bind("metrics", metadata.metrics()).bind("by", by)
                    .bind("tenant", tenantId).bind("adapter", adapter).bind("version", version).execute();
            if (changed == 0) return Optional.empty();
            AuditDao.record(handle, by, tenantId, "adapter_version.describe", adapter + "@" + version,
                    Map.of("note", metadata.note(), "tags", metadata.tags(), "training_data", metadata.trainingData(),
                            "metrics", metadata.metrics()));
            return find(handle, tenantId, adapter, version);
        });
    }

    /**
     * The files of a content by path, also for a while after its last version was deleted; empty if this tenant may not
     * see it.
     *
     * @param digest of the version
     */
    public List<VersionFile> files(String tenantId, String owner, String digest) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT f.path, f.artifact, a.size_bytes FROM adapter_file f
                JOIN artifact a ON a.tenant_id = f.tenant_id AND a.digest = f.artifact
                WHERE f.tenant_id = :owner AND f.content = :digest ORDER BY f.path
                """).bind("owner", owner).bind("digest", digest)
                .map((row, context) -> new VersionFile(row.getString("path"), row.getString("artifact"),
                        row.getLong("size_bytes"))).list());
    }

    /** What became of a deletion. */
    public sealed interface Deleted {
        record Gone() implements Deleted {}

        record Absent() implements Deleted {}

        /** This alias points at it; nothing was deleted. */
        record InUse(String alias) implements Deleted {}
    }

    /** Removes a version of one's own that no alias points at. Its number is never given again. */
    public Deleted delete(String tenantId, String adapter, int version, String by) {
        return database.asTenant(tenantId, handle -> {
            if (!AdapterDao.lock(handle, tenantId, adapter)) return new Deleted.Absent();
            Optional<String> alias = handle.createQuery("""
                    SELECT alias FROM (SELECT tenant_id, adapter, alias, version FROM adapter_alias_target
                        UNION ALL SELECT tenant_id, adapter, alias, version FROM adapter_alias_shadow) used
                    WHERE tenant_id = :tenant AND adapter = :adapter AND version = :version ORDER BY alias LIMIT 1
                    """).bind("tenant", tenantId).bind("adapter", adapter).bind("version", version)
                    .mapTo(String.class).findOne();
            if (alias.isPresent()) return new Deleted.InUse(alias.get());
            int gone = handle.createUpdate("""
                    DELETE FROM adapter_version
                    WHERE tenant_id = :tenant AND adapter = :adapter AND version = :version
                    """).bind("tenant", tenantId).bind("adapter", adapter).bind("version", version).execute();
            if (gone == 0) return new Deleted.Absent();
            markUnreferenced(handle, tenantId);
            AuditDao.record(handle, by, tenantId, "adapter_version.delete", adapter + "@" + version, Map.of());
            CatalogDao.announce(handle);
            return new Deleted.Gone();
        });
    }

    /** Starts the grace period of contents that no version names any more. */
    static void markUnreferenced(Handle handle, String tenantId) {
        handle.createUpdate("""
                UPDATE adapter_content c SET unreferenced_at = now() WHERE tenant_id = :tenant
                AND unreferenced_at IS NULL AND NOT EXISTS (
                    SELECT FROM adapter_version v WHERE v.tenant_id = c.tenant_id AND v.digest = c.digest)
                """).bind("tenant", tenantId).execute();
    }
}
