package graft.registry.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * PostgreSQL's own data folder. Its owner is the user the server runs as. The caller holds the lock beside it, so
 * nobody else starts a server here; what can still be there is a server whose launcher was killed.
 */
record ClusterFolder(Path path, PostgresBinaries binaries, RunAs user) {
    private static final System.Logger LOG = System.getLogger(ClusterFolder.class.getName());
    private static final Duration INITDB_LIMIT = Duration.ofMinutes(2);
    private static final long POLL_MILLIS = 20;

    /** Runs initdb unless the data is there. A start that was cut short leaves only a ".part" folder. */
    void create(String superuserPassword) throws IOException {
        if (Files.exists(path.resolve("PG_VERSION"))) return;
        Path part = path.resolveSibling(path.getFileName() + ".part");
        deleteTree(part);
        Files.createDirectory(part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path passwordFile = Files.createTempFile(part.getParent(), "initdb", "", PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rw-------")));
        try {
            Files.writeString(passwordFile, superuserPassword);
            user.own(passwordFile);
            user.own(part);
            run(List.of(binaries.program("initdb"), "--pgdata=" + part, "--username=" + Bootstrap.SUPERUSER,
                    "--pwfile=" + passwordFile, "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8", "--locale=C"), part);
            Files.move(part, path, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(passwordFile);
        }
    }

    private void run(List<String> command, Path touched) throws IOException {
        Process process = new ProcessBuilder(user.command(command, touched, binaries.bin().resolve("postgres")))
                .redirectErrorStream(true).directory(Path.of("/").toFile()).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (!process.waitFor(INITDB_LIMIT.toSeconds(), TimeUnit.SECONDS)) process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        if (process.exitValue() != 0) throw new IOException("initdb failed: " + output.strip());
    }

    /**
     * Stops a server that outlived the process that started it, then removes its pid file: the pid in it may by now
     * belong to a stranger, and Postgres would refuse to start on its account.
     */
    void clearLeftovers(Duration patience) throws IOException {
        Path pidFile = path.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) return;
        List<ProcessHandle> left = processesHere();
        if (!left.isEmpty()) {
            LOG.log(System.Logger.Level.WARNING, "stopping a postgres left behind, processes={0}", left.size());
            long postmaster = postmasterPid();
            for (ProcessHandle process : left) if (process.pid() == postmaster) PostgresProcess.interrupt(postmaster);
            waitForEnd(patience);
            processesHere().forEach(ProcessHandle::destroyForcibly);
            waitForEnd(patience);
        }
        if (!processesHere().isEmpty()) throw new PostgresException.FolderInUse(path);
        Files.deleteIfExists(pidFile);
    }

    private void waitForEnd(Duration patience) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!processesHere().isEmpty() && System.nanoTime() < deadline) pause();
    }

    /** Postgres and its workers make the data folder their working folder. */
    private List<ProcessHandle> processesHere() {
        return ProcessHandle.allProcesses().filter(process -> {
            try {
                return Files.readSymbolicLink(Path.of("/proc", String.valueOf(process.pid()), "cwd")).equals(path);
            } catch (IOException e) {
                return false; // ended meanwhile, or another user's and so none of ours
            }
        }).toList();
    }

    /** From postmaster.pid; 0 while there is none. */
    long postmasterPid() throws IOException {
        List<String> lines = pidFile();
        return lines.isEmpty() ? 0 : Long.parseLong(lines.getFirst().strip());
    }

    /** The eighth line of postmaster.pid says {@code ready} once connections are taken (PostgreSQL, pidfile.h). */
    boolean isReady() throws IOException {
        List<String> lines = pidFile();
        return lines.size() >= 8 && lines.get(7).strip().equals("ready");
    }

    private List<String> pidFile() throws IOException {
        Path file = path.resolve("postmaster.pid");
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    static void pause() throws IOException {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static void deleteTree(Path folder) throws IOException {
        if (!Files.exists(folder)) return;
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }
}
