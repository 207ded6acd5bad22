package graft.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** Where and of what state of the code a benchmark was run. */
final class Machine {
    private static final List<String> TOLD = List.of("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd");
    private static final int READ_LONGS = 32 << 20;
    private static final int PASSES = 3;

    private Machine() {}

    static Map<String, Object> describe(Path root) throws IOException {
        Map<String, Object> about = new LinkedHashMap<>();
        about.put("machine", Runtime.getRuntime().availableProcessors() + " x " + cpu("model name")
                + " (" + String.join(" ", Stream.of(cpu("flags").split(" ")).filter(TOLD::contains).toList()) + ")");
        about.put("load", load());
        about.put("commit", commit(root));
        return about;
    }

    /** Averages over 1, 5 and 15 minutes: whether others were at work. */
    private static String load() throws IOException {
        Path file = Path.of("/proc/loadavg");
        return Files.isReadable(file) ? Files.readString(file).strip() : "unknown";
    }

    private static String cpu(String field) throws IOException {
        Path cpuinfo = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(cpuinfo)) return System.getProperty("os.arch");
        return Files.readAllLines(cpuinfo).stream().filter(line -> line.startsWith(field)).findFirst()
                .map(line -> line.replaceFirst("[^:]*: *", "")).orElse("unknown");
    }

    private static String commit(Path root) throws IOException {
        Process git = new ProcessBuilder("git", "-C", root.toString(), "describe", "--always", "--dirty")
                .redirectErrorStream(true).start();
        return new String(git.getInputStream().readAllBytes()).strip();
    }

    /** Bytes a second that all cores together read from memory, best of a few passes. */
    static double readRate() {
        int cores = Runtime.getRuntime().availableProcessors();
        long[] memory = new long[READ_LONGS];
        double best = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(cores)) {
            for (int pass = 0; pass < PASSES; pass++) {
                long start = System.nanoTime();
                List<Future<Long>> sums = new ArrayList<>();
                for (int core = 0; core < cores; core++) {
                    int from = READ_LONGS / cores * core;
                    sums.add(threads.submit(() -> sum(memory, from, from + READ_LONGS / cores)));
                }
                for (Future<Long> sum : sums) sum.get();
                best = Math.max(best, 8.0 * READ_LONGS / ((System.nanoTime() - start) / 1e9));
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("the read rate could not be measured", e);
        }
        return best;
    }

    private static long sum(long[] memory, int from, int to) {
        long sum = 0;
        for (int i = from; i < to; i++) sum += memory[i];
        return sum;
    }
}
