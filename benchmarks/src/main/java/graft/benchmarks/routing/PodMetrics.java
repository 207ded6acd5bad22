package graft.benchmarks.routing;

import java.util.Arrays;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the endpoint picker reads of one replica's /metrics, of a base model.
 *
 * @param waiting  requests that wait
 * @param kvUsage  0 to 1
 * @param loaded   adapters of vllm:lora_requests_info
 * @param maxLora  how many it says it takes at once
 * @param loads    adapters brought onto the device since its start; not the picker's, but the benchmark's figure
 */
public record PodMetrics(double waiting, double kvUsage, Set<String> loaded, int maxLora, double loads) {

    /** @throws IllegalArgumentException when the text lacks a metric */
    public static PodMetrics of(String exposition, String base) {
        String lora = line(exposition, "vllm:lora_requests_info", "model_name", base);
        return new PodMetrics(value(line(exposition, "vllm:num_requests_waiting", "model_name", base)),
                value(line(exposition, "vllm:kv_cache_usage_perc", "model_name", base)),
                Arrays.stream(label(lora, "running_lora_adapters").split(",")).filter(name -> !name.isEmpty())
                        .collect(Collectors.toUnmodifiableSet()),
                Integer.parseInt(label(lora, "max_lora")),
                value(line(exposition, "graft_adapter_loads_total", "base", base)));
    }

    PodMetrics showing(Set<String> adapters) {
        return new PodMetrics(waiting, kvUsage, adapters, maxLora, loads);
    }

    private static String line(String exposition, String metric, String name, String base) {
        return exposition.lines().filter(line -> line.startsWith(metric + "{"))
                .filter(line -> line.contains(name + "=\"" + base + "\"")).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no " + metric + " of " + base));
    }

    private static String label(String line, String name) {
        Matcher matcher = Pattern.compile("[{,]" + name + "=\"([^\"]*)\"").matcher(line);
        if (!matcher.find()) throw new IllegalArgumentException("no label " + name + " in " + line);
        return matcher.group(1);
    }

    private static double value(String line) {
        return Double.parseDouble(line.substring(line.lastIndexOf('}') + 1).strip().split(" ")[0]);
    }
}
