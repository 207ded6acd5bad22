package graft.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a benchmark's figures and plot to results/ and prints its table and its one JSON line. */
final class Report {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
    private final String bench;
    private final Map<String, Measurement> figures = new LinkedHashMap<>();
    private final Map<String, Measurement> ratios = new LinkedHashMap<>();
    private final Map<String, Goal> goals = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    Report(String bench) {
        this.bench = bench;
    }

    void figure(String name, Measurement measurement) {
        figures.put(name, measurement);
    }

    void ratio(String name, Measurement measurement) {
        ratios.put(name, measurement);
    }

    void ratio(String name, Measurement measurement, Goal goal) {
        ratios.put(name, measurement);
        goals.put(name, goal);
    }

    /** What a reader of the table has to know. */
    void note(String note) {
        notes.add(note);
    }

    void finish(Path root) throws IOException {
        finish(root, true);
    }

    /** @param ok whether everything was measured that was to be; whether a goal was met stands beside each ratio */
    void finish(Path root, boolean ok) throws IOException {
        System.err.print(table());
        Path folder = Files.createDirectories(root.resolve("benchmarks/results"));
        Path file = folder.resolve(bench + ".json");
        Map<String, Object> all = new LinkedHashMap<>(Map.of("bench", bench, "at", Instant.now().toString(),
                "figures", plain(figures), "ratios", plain(ratios), "notes", notes));
        all.putAll(Machine.describe(root));
        JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), all);
        if (!ratios.isEmpty()) Files.writeString(folder.resolve(bench + ".svg"), Plot.bars(bench, ratios, goals));
        Map<String, Double> medians = new LinkedHashMap<>();
        ratios.forEach((name, m) -> medians.put(name, rounded(m.median())));
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", bench);
        line.put("ok", ok);
        line.put("ratios", medians);
        line.put("file", root.relativize(file).toString());
        System.out.println(JSON.writeValueAsString(line));
    }

    private String table() {
        StringBuilder table = new StringBuilder(String.format("%-58s %9s %9s %9s%n", bench, "median", "least", "most"));
        figures.forEach((name, m) -> table.append(row(name, m, "")));
        ratios.forEach((name, m) -> table.append(row(name, m, verdict(name, m))));
        notes.forEach(note -> table.append(note).append('\n'));
        return table.toString();
    }

    private String verdict(String name, Measurement m) {
        Goal goal = goals.get(name);
        return goal == null ? "" : "  goal " + goal + (goal.met(m.median()) ? ": met" : ": missed");
    }

    private static String row(String name, Measurement m, String verdict) {
        return String.format("%-58s %9.3f %9.3f %9.3f%s%n", name, m.median(), m.least(), m.most(), verdict);
    }

    private Map<String, Object> plain(Map<String, Measurement> measurements) {
        Map<String, Object> plain = new LinkedHashMap<>();
        measurements.forEach((name, m) -> {
            Map<String, Object> one = new LinkedHashMap<>(Map.of("median", rounded(m.median()), "least",
                    rounded(m.least()), "most", rounded(m.most()), "rounds", m.values().length));
            Goal goal = goals.get(name);
            if (goal != null) one.putAll(Map.of("goal", goal.toString(), "met", goal.met(m.median())));
            plain.put(name, one);
        });
        return plain;
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
