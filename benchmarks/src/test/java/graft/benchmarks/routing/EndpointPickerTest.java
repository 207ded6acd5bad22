package graft.benchmarks.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EndpointPickerTest {
    private final EndpointPicker picker = new EndpointPicker(new Random(1));

    private static PodMetrics pod(double waiting, double kvUsage, String... loaded) {
        return new PodMetrics(waiting, kvUsage, Set.of(loaded), 2, 0);
    }

    @Test
    void aReplicaThatHoldsTheAdapterComesFirstThenOneWithRoom() {
        assertEquals(1, picker.pick(List.of(pod(0, 0), pod(0, 0, "a"), pod(0, 0, "b", "c")), "a"));
        assertEquals(0, picker.pick(List.of(pod(0, 0), pod(0, 0, "b", "c")), "a"));
    }

    @Test
    void aLongQueueOrFullMemoryOutweighsAffinity() {
        assertEquals(0, picker.pick(List.of(pod(0, 0.1), pod(9, 0.1, "a")), "a"));
        assertEquals(0, picker.pick(List.of(pod(0, 0.1), pod(0, 0.9, "a")), "a"));
    }

    @Test
    void equalsShareTheRequests() {
        Set<Integer> picked = new HashSet<>();
        for (int i = 0; i < 100; i++) picked.add(picker.pick(List.of(pod(0, 0), pod(0, 0), pod(0, 0)), "a"));
        assertEquals(Set.of(0, 1, 2), picked);
    }

    @Test
    void itsMetricsAreReadFromAnExposition() {
        String text = """
                # TYPE vllm:num_requests_waiting gauge
                vllm:num_requests_waiting{model_name="other"} 7.0
                vllm:num_requests_waiting{model_name="bench"} 3.0
                vllm:kv_cache_usage_perc{model_name="bench"} 0.25
                graft_adapter_loads_total{base="bench"} 12.0
                vllm:lora_requests_info{max_lora="8",model_name="bench",running_lora_adapters="a,a@1"} 1.7E9
                """;
        assertEquals(new PodMetrics(3, 0.25, Set.of("a", "a@1"), 8, 12), PodMetrics.of(text, "bench"));
        assertThrows(IllegalArgumentException.class, () -> PodMetrics.of(text, "absent"));
    }
}
