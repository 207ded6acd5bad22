package graft.benchmarks.routing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The published scorer of the extension's endpoint picker: queue (the least busy 1, the busiest 0), KV memory that is
 * free, and LoRA affinity (1.0 where the adapter is loaded, 0.8 where another fits, 0 where none does; the 0.6 for an
 * adapter that waits needs waiting_lora_adapters, which Graft leaves empty because it tells residency). Weights are 1;
 * of equals one is drawn. Belongs to one thread.
 */
public final class EndpointPicker {
    private static final double LOADED = 1;
    private static final double SPARE = 0.8;
    private final Random random;

    public EndpointPicker(Random random) {
        this.random = random;
    }

    /** @return the index of a pod */
    public int pick(List<PodMetrics> pods, String adapter) {
        double least = pods.stream().mapToDouble(PodMetrics::waiting).min().orElseThrow();
        double most = pods.stream().mapToDouble(PodMetrics::waiting).max().orElseThrow();
        List<Integer> best = new ArrayList<>();
        double highest = -1;
        for (int i = 0; i < pods.size(); i++) {
            PodMetrics pod = pods.get(i);
            double queue = most == least ? 1 : (most - pod.waiting()) / (most - least);
            double score = queue + 1 - pod.kvUsage() + affinity(pod, adapter);
            if (score > highest) best.clear();
            if (score >= highest) best.add(i);
            highest = Math.max(highest, score);
        }
        return best.get(random.nextInt(best.size()));
    }

    private static double affinity(PodMetrics pod, String adapter) {
        if (pod.loaded().contains(adapter)) return LOADED;
        return pod.loaded().size() < pod.maxLora() ? SPARE : 0;
    }
}
