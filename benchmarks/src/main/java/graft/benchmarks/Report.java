package graft.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes a benchmark's figures to results/ and prints its table and its one JSON line. */
final class Report {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
    private final String bench;
    private final Map<String, Measurement> figures = new LinkedHashMap<>();
    private final Map<String, Measurement> ratios = new LinkedHashMap<>();

    Report(String bench) {
        this.bench = bench;
    }

    void figure(String name, Measurement measurement) {
        figures.put(name, measurement);
    }

    void ratio(String name, Measurement measurement) {
        ratios.put(name, measurement);
    }

    void finish(Path root) throws IOException {
        finish(root, true);
    }

    /** @param ok whether everything was measured that was to be */
    void finish(Path root, boolean ok) throws IOException {
        StringBuilder table = new StringBuilder(String.format("%-34s %9s %9s %9s%n", bench, "median", "least", "most"));
        figures.forEach((name, m) -> table.append(row(name, m)));
        ratios.forEach((name, m) -> table.append(row(name, m)));
        System.err.print(table);
        Path file = root.resolve("benchmarks/results/" + bench + ".json");
        Files.createDirectories(file.getParent());
        JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), Map.of("bench", bench, "at",
                Instant.now().toString(), "machine", machine(), "figures", plain(figures), "ratios", plain(ratios)));
        Map<String, Double> medians = new LinkedHashMap<>();
        ratios.forEach((name, m) -> medians.put(name, rounded(m.median())));
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", bench);
        line.put("ok", ok);
        line.put("ratios", medians);
        line.put("file", root.relativize(file).toString());
        System.out.println(JSON.writeValueAsString(line));
    }

    private static String row(String name, Measurement m) {
        return String.format("%-34s %9.2f %9.2f %9.2f%n", name, m.median(), m.least(), m.most());
    }

    private static Map<String, Object> plain(Map<String, Measurement> measurements) {
        Map<String, Object> plain = new LinkedHashMap<>();
        measurements.forEach((name, m) -> plain.put(name, Map.of("median", rounded(m.median()), "least",
                rounded(m.least()), "most", rounded(m.most()), "rounds", m.values().length)));
        return plain;
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    private static String machine() throws IOException {
        Path cpuinfo = Path.of("/proc/cpuinfo");
        String model = !Files.isReadable(cpuinfo) ? System.getProperty("os.arch") : Files.readAllLines(cpuinfo).stream()
                .filter(line -> line.startsWith("model name")).findFirst().orElse("unknown");
        return Runtime.getRuntime().availableProcessors() + " x " + model.replaceFirst(".*: ", "");
    }
}
