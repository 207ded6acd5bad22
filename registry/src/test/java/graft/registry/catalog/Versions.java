package graft.registry.catalog;

import graft.registry.catalog.AdapterVersionDao.NewFile;
import graft.registry.catalog.AdapterVersionDao.NewVersion;
import graft.registry.catalog.AdapterVersionDao.Published;
import java.io.ByteArrayInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Versions made of given bytes, for tests. */
final class Versions {
    private Versions() {}

    static NewVersion of(String adapter, boolean shared, byte[]... files) {
        List<NewFile> list = new ArrayList<>();
        MessageDigest all = ArtifactDao.sha256();
        for (int i = 0; i < files.length; i++) {
            byte[] bytes = files[i];
            all.update(bytes);
            list.add(new NewFile(new VersionFile("file-" + i, digest(bytes), bytes.length),
                    () -> new ByteArrayInputStream(bytes)));
        }
        return new NewVersion(adapter, "base", shared, ArtifactDao.name(all), "sha256:base", 4, List.of("q_proj"), "{}",
                VersionMetadata.NONE, Provenance.UNKNOWN, List.of(), "key-1", Optional.empty(), list);
    }

    static String digest(byte[] bytes) {
        MessageDigest sha = ArtifactDao.sha256();
        sha.update(bytes);
        return ArtifactDao.name(sha);
    }

    static int number(Published published) {
        if (published instanceof Published.Stored stored) return stored.version().version();
        throw new AssertionError(published);
    }
}
