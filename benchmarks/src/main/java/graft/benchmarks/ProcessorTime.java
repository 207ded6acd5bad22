package graft.benchmarks;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * Processor time that a server and its children have taken, and how much of it was the ledger's: by Linux's own
 * counters, which other work on the machine hardly moves. In clock ticks.
 *
 * @param all     of the server and all below it
 * @param metered of the ledger's thread and of Postgres, whatever Postgres did: also admission and names
 */
record ProcessorTime(long all, long metered) {
    private static final String LEDGER = "ledger";
    /** Fields of /proc/PID/stat behind the name: utime, stime, and those of children that have ended. */
    private static final int USER = 11;
    private static final int WITH_CHILDREN = 4;

    /** @param server whose children are its Postgres and what that started */
    static ProcessorTime of(long server) throws IOException {
        long own = ticks(Path.of("/proc", String.valueOf(server), "stat"), 2);
        long below = 0;
        for (ProcessHandle child : ProcessHandle.of(server).orElseThrow().descendants().toList())
            below += ticks(Path.of("/proc", String.valueOf(child.pid()), "stat"), WITH_CHILDREN);
        return new ProcessorTime(own + below, below + thread(server));
    }

    private static long thread(long process) throws IOException {
        long sum = 0;
        Path folder = Path.of("/proc", String.valueOf(process), "task");
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(folder)) {
            for (Path thread : threads)
                if (name(thread).equals(LEDGER)) sum += ticks(thread.resolve("stat"), 2);
        }
        return sum;
    }

    private static String name(Path thread) throws IOException {
        try {
            return Files.readString(thread.resolve("comm")).strip();
        } catch (NoSuchFileException e) {
            return ""; // it has ended
        }
    }

    private static long ticks(Path stat, int fields) throws IOException {
        try {
            String text = Files.readString(stat);
            List<String> numbers = List.of(text.substring(text.lastIndexOf(')') + 2).split(" "));
            return numbers.subList(USER, USER + fields).stream().mapToLong(Long::parseLong).sum();
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    /** Of what was taken since then. */
    double shareSince(ProcessorTime before) {
        return (metered - before.metered) / (double) (all - before.all);
    }
}
