package graft.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A folder for one run's data, adapters and logs. A run that fails leaves it, because the logs say why. */
final class WorkFolder {
    private WorkFolder() {}

    static Path make() throws IOException {
        return Files.createTempDirectory("graft-bench-");
    }

    static void remove(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(path);
        }
    }
}
