package graft;

import graft.registry.Ids;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * What one server keeps on disk, for its user only: keys, pid and port, logs, the embedded Postgres. The lock on
 * server.pid is the system's, so a killed server leaves none behind.
 */
public final class DataFolder implements AutoCloseable {
    private static final String PRIVATE_FOLDER = "rwx------";
    private static final String PRIVATE_FILE = "rw-------";
    private final Path path;
    private final FileChannel pidFile;

    /** Another server works on this folder. */
    static final class InUse extends RuntimeException {
        private static final long serialVersionUID = 1;

        InUse(Path path, String pid) {
            super("The data folder " + path + " is in use by another Graft (process " + pid + "); stop it or give "
                    + "another folder with --data.");
        }
    }

    private DataFolder(Path path, FileChannel pidFile) {
        this.path = path;
        this.pidFile = pidFile;
    }

    /**
     * Creates what is missing and takes the folder.
     *
     * @throws InUse          when another server has it
     * @throws SetupException when it can't be made or written
     */
    static DataFolder open(Path folder) {
        try {
            Files.createDirectories(folder.toAbsolutePath());
            Path path = folder.toRealPath();
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(PRIVATE_FOLDER));
            FileChannel pidFile = FileChannel.open(path.resolve("server.pid"), StandardOpenOption.CREATE,
                    StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (!lock(pidFile)) {
                pidFile.close();
                throw new InUse(path, Files.readString(path.resolve("server.pid")).strip());
            }
            pidFile.truncate(0).write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n")
                    .getBytes(StandardCharsets.US_ASCII)));
            Files.createDirectories(path.resolve("logs"));
            return new DataFolder(path, pidFile);
        } catch (IOException e) {
            throw new SetupException("The data folder " + folder + " can't be used: " + e, e);
        }
    }

    private static boolean lock(FileChannel pidFile) throws IOException {
        try {
            return pidFile.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false; // another server in this very process, as tests have it
        }
    }

    Path path() {
        return path;
    }

    Path postgres() {
        return path.resolve("postgres");
    }

    /** Adapters' files as the engine reads them, named by digest. */
    Path adapterCache() {
        return path.resolve("cache").resolve("adapters");
    }

    /** For uploads on their way; what a killed server left there is worth nothing. */
    Path spool(String name) {
        try {
            return Files.createDirectories(path.resolve("spool").resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path log() {
        return path.resolve("logs").resolve("server.log");
    }

    /** Names this folder among all that share a database; made once. */
    String node() {
        try {
            Path file = path.resolve("node");
            if (!Files.exists(file)) write("node", Ids.next("node_") + "\n");
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Tells scripts where the server listens. */
    void writePort(int port) {
        write("port", port + "\n");
    }

    /** Writes a file that only our user may read, whole or not at all. */
    void write(String name, String text) {
        try {
            Path part = Files.createTempFile(path, name, ".part", PosixFilePermissions.asFileAttribute(
                    PosixFilePermissions.fromString(PRIVATE_FILE)));
            Files.writeString(part, text, StandardOpenOption.SYNC);
            Files.move(part, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Releases the folder; the pid and port files go with it. */
    @Override
    public void close() {
        try {
            Files.deleteIfExists(path.resolve("port"));
            Files.deleteIfExists(path.resolve("server.pid"));
            pidFile.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
