package graft.adapters.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Folders that adapters may be loaded from. Symbolic links are followed first and judged by where they end, so that
 * none leads out: neither the path that is asked for, nor a file in it. Immutable; any thread.
 */
public final class LocalFolders {
    private final List<Path> allowed;

    /** @param allowed none: nothing may be loaded ({@code adapters.local-folders}) */
    public LocalFolders(List<Path> allowed) {
        this.allowed = List.copyOf(allowed);
    }

    public boolean isEmpty() {
        return allowed.isEmpty();
    }

    /** @param name as the adapter's file is called, @param path where its bytes really are */
    public record LocalFile(String name, Path path) {}

    /**
     * The plain files of a folder, by name; folders in it are left out. Empty for whatever is no folder within an
     * allowed one, and where a file's link ends outside: told apart, they would tell of the disk.
     *
     * @param mostFiles of the folder
     */
    public Optional<List<LocalFile>> files(String folder, int mostFiles) {
        try {
            Path real = Path.of(folder).toRealPath();
            if (!Files.isDirectory(real) || !within(real)) return Optional.empty();
            try (Stream<Path> entries = Files.list(real)) {
                List<Path> found = entries.limit(mostFiles + 1L).sorted().toList();
                if (found.size() > mostFiles) return Optional.empty();
                return files(found);
            }
        } catch (IOException | InvalidPathException e) {
            return Optional.empty();
        }
    }

    private Optional<List<LocalFile>> files(List<Path> found) throws IOException {
        List<LocalFile> files = new java.util.ArrayList<>();
        for (Path entry : found) {
            Path real = entry.toRealPath();
            if (!within(real)) return Optional.empty();
            if (Files.isRegularFile(real)) files.add(new LocalFile(entry.getFileName().toString(), real));
        }
        return Optional.of(files);
    }

    private boolean within(Path real) throws IOException {
        for (Path folder : allowed) {
            if (Files.isDirectory(folder) && real.startsWith(folder.toRealPath())) return true;
        }
        return false;
    }
}
