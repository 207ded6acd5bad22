package graft.adapters;

import graft.registry.catalog.VersionFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * The name of an adapter's content: sha-256 over one line a file, {@code NAME SIZE sha256:...}, in the order of names.
 * Two versions have the same exactly if their files are the same, byte for byte.
 */
final class ContentDigest {
    private ContentDigest() {}

    static String of(List<VersionFile> files) {
        MessageDigest sha = sha256();
        files.stream().sorted(Comparator.comparing(VersionFile::path))
                .map(file -> file.path() + " " + file.sizeBytes() + " " + file.artifact() + "\n")
                .forEach(line -> sha.update(line.getBytes(StandardCharsets.UTF_8)));
        return "sha256:" + HexFormat.of().formatHex(sha.digest());
    }

    /** Reads every file of a folder. */
    static String of(Path folder) throws IOException {
        List<VersionFile> files = new ArrayList<>();
        try (Stream<Path> paths = Files.list(folder)) {
            for (Path path : paths.toList()) files.add(read(path));
        }
        return of(files);
    }

    private static VersionFile read(Path path) throws IOException {
        MessageDigest sha = sha256();
        byte[] buffer = new byte[64 << 10];
        long size = 0;
        try (InputStream in = Files.newInputStream(path)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                sha.update(buffer, 0, count);
                size += count;
            }
        }
        return new VersionFile(path.getFileName().toString(), "sha256:" + HexFormat.of().formatHex(sha.digest()), size);
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
