package graft.adapters;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** A folder for the files of one upload, gone when it is closed. Files get numbers for names, never the user's. */
final class Spool implements AutoCloseable {
    private static final String PREFIX = "upload-";
    private static final int BUFFER = 64 << 10;
    private final Path folder;
    private int files;

    private Spool(Path folder) {
        this.folder = folder;
    }

    static Spool in(Path root) throws IOException {
        Files.createDirectories(root);
        return new Spool(Files.createTempDirectory(root, PREFIX));
    }

    /** Removes what a killed server left behind. */
    static void purge(Path root) {
        try {
            Files.createDirectories(root);
            try (Stream<Path> left = Files.list(root)) {
                left.filter(path -> path.getFileName().toString().startsWith(PREFIX)).forEach(Spool::delete);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Copies a stream to its end, its digest taken on the way. */
    UploadedFile write(String inFolder, String name, InputStream content) throws IOException {
        Path path = folder.resolve("file-" + files++);
        MessageDigest sha = ContentDigest.sha256();
        byte[] buffer = new byte[BUFFER];
        long size = 0;
        try (OutputStream out = Files.newOutputStream(path)) {
            for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
                sha.update(buffer, 0, count);
                out.write(buffer, 0, count);
                size += count;
            }
        }
        return new UploadedFile(inFolder, name, path, size, "sha256:" + HexFormat.of().formatHex(sha.digest()));
    }

    /** Puts chosen files side by side under their own names, as PEFT lays an adapter out. */
    Path arrange(List<UploadedFile> chosen) throws IOException {
        Path adapter = Files.createDirectory(folder.resolve("adapter"));
        for (UploadedFile file : chosen) Files.move(file.path(), adapter.resolve(file.name()));
        return adapter;
    }

    @Override
    public void close() {
        delete(folder);
    }

    static void delete(Path folder) {
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
