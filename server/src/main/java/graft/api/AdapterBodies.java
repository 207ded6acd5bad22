package graft.api;

import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import graft.registry.catalog.Adapter;
import graft.registry.catalog.AdapterShareDao;
import graft.registry.catalog.AdapterVersion;
import graft.registry.catalog.Alias;
import graft.registry.catalog.Provenance;
import graft.registry.catalog.VersionFile;
import graft.registry.catalog.VersionMetadata;
import java.util.List;
import java.util.Locale;

/** What the adapter endpoints answer with. Times are seconds since 1970. */
final class AdapterBodies {
    private AdapterBodies() {}

    /** The answer to an upload. */
    record Uploaded(String adapter, int version, String digest, int rank, List<String> targetModules, long sizeBytes,
            List<String> warnings) {
        static Uploaded of(AdapterVersion version) {
            return new Uploaded(version.adapter(), version.version(), version.digest(), version.rank(),
                    version.targetModules(), version.sizeBytes(), version.warnings());
        }
    }

    /**
     * @param tenant   whose it is; another's is one that is shared
     * @param versions newest first, as many as the endpoint gives
     */
    record AdapterBody(String object, String name, String tenant, String baseModel, boolean shared, long createdAt,
            List<AliasBody> aliases, List<VersionBody> versions) {
        static AdapterBody of(String viewer, Adapter adapter, List<AdapterVersion> versions, List<Alias> aliases) {
            return new AdapterBody("adapter", adapter.name(), adapter.tenantId(), adapter.base(), adapter.shared(),
                    adapter.createdAt().getEpochSecond(),
                    aliases.stream().map(alias -> AliasBody.of(viewer, alias)).toList(),
                    versions.stream().map(version -> VersionBody.of(viewer, adapter, version, aliases)).toList());
        }
    }

    /**
     * @param aliases   that point at it
     * @param createdBy key; null towards guests, as is changedBy
     * @param changedAt null if nobody changed what is said about it
     */
    record VersionBody(String object, String adapter, int version, String digest, String baseModel, String baseDigest,
            int rank, List<String> targetModules, long sizeBytes, @JsonRawValue String manifest, String note,
            List<String> tags, String trainingData, @JsonRawValue String metrics, Integer parentVersion, String origin,
            String signedBy, List<String> warnings, List<String> aliases, String createdBy, long createdAt,
            String changedBy, Long changedAt) {
        static VersionBody of(String viewer, Adapter adapter, AdapterVersion version, List<Alias> aliases) {
            boolean own = viewer.equals(adapter.tenantId());
            VersionMetadata said = version.metadata();
            Provenance from = version.provenance();
            return new VersionBody("adapter.version", version.adapter(), version.version(), version.digest(),
                    adapter.base(), version.baseDigest(), version.rank(), version.targetModules(),
                    version.sizeBytes(), version.manifest(), said.note(), said.tags(), said.trainingData(),
                    said.metrics(), from.parent().orElse(null), from.origin().name().toLowerCase(Locale.ROOT),
                    from.signedBy().orElse(null), version.warnings(),
                    aliases.stream().filter(alias -> pointsAt(alias, version)).map(Alias::alias).toList(),
                    own ? version.createdBy() : null, version.createdAt().getEpochSecond(),
                    version.changed().filter(change -> own).map(AdapterVersion.Changed::by).orElse(null),
                    version.changed().map(change -> change.at().getEpochSecond()).orElse(null));
        }

        private static boolean pointsAt(Alias alias, AdapterVersion version) {
            return alias.targets().stream().anyMatch(target -> target.version() == version.version());
        }
    }

    /** A version's body with its files. */
    record VersionDetails(@JsonUnwrapped VersionBody version, List<FileBody> files) {
        static VersionDetails of(String viewer, Adapter adapter, AdapterVersion version, List<Alias> aliases,
                List<VersionFile> files) {
            return new VersionDetails(VersionBody.of(viewer, adapter, version, aliases),
                    files.stream().map(FileBody::of).toList());
        }
    }

    record FileBody(String name, long sizeBytes, String digest) {
        static FileBody of(VersionFile file) {
            return new FileBody(file.path(), file.sizeBytes(), file.artifact());
        }
    }

    /**
     * @param version where all of it goes; null while it is split
     * @param movedBy key; null towards guests
     */
    record AliasBody(String object, String alias, Integer version, List<TargetBody> targets, CandidateBody shadow,
            String movedBy, long movedAt) {
        static AliasBody of(String viewer, Alias alias) {
            List<TargetBody> targets = alias.targets().stream()
                    .map(target -> new TargetBody(target.version(), target.weight())).toList();
            return new AliasBody("adapter.alias", alias.alias(),
                    targets.size() == 1 ? targets.getFirst().version() : null, targets,
                    alias.shadow().filter(candidate -> viewer.equals(alias.tenantId()))
                            .map(candidate -> new CandidateBody(candidate.version(), candidate.fraction()))
                            .orElse(null),
                    viewer.equals(alias.tenantId()) ? alias.movedBy() : null, alias.movedAt().getEpochSecond());
        }
    }

    /** A candidate that answers besides; null towards guests. */
    record CandidateBody(int version, double fraction) {}

    record TargetBody(int version, int weight) {}

    /**
     * @param tenant    who may use the adapter; {@code all} is every tenant
     * @param grantedBy key, as grantedAt null for {@code all}: the audit log knows
     */
    record ShareBody(String object, String adapter, String tenant, String grantedBy, Long grantedAt) {
        static ShareBody of(String adapter, AdapterShareDao.Share share) {
            return new ShareBody("adapter.share", adapter, share.tenantId(), share.grantedBy(),
                    share.grantedAt().getEpochSecond());
        }

        static ShareBody all(String adapter) {
            return new ShareBody("adapter.share", adapter, "all", null, null);
        }
    }

    record Deleted(String object, String id, boolean deleted) {}
}
