package graft.metering;

import static org.junit.jupiter.api.Assertions.assertEquals;

import graft.metering.RunningStreams.Stream;
import graft.registry.usage.UsageRequest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class RunningStreamsTest {
    private final RunningStreams running = new RunningStreams();

    private RunningStreams.Entry begin(String id, String tenant, long second) {
        return running.begin(new UsageRequest(id, tenant, "key", "chat.completions", "base", "triage", 3, "process",
                1, Instant.ofEpochSecond(second)), 12);
    }

    private List<String> ids(Optional<String> tenant, int most) {
        return running.oldestFirst(tenant, most).stream().map(Stream::requestId).toList();
    }

    @Test
    void whatRunsIsListedOldestFirstUntilItEnds() {
        RunningStreams.Entry young = begin("young", "acme", 20);
        RunningStreams.Entry old = begin("old", "other", 10);
        young.generated(7);
        assertEquals(List.of("old", "young"), ids(Optional.empty(), 10));
        assertEquals(List.of("old"), ids(Optional.empty(), 1));
        assertEquals(List.of("young"), ids(Optional.of("acme"), 10));
        assertEquals(7, running.oldestFirst(Optional.of("acme"), 1).getFirst().generatedTokens());
        assertEquals(1, running.count(Optional.of("acme")));
        old.close();
        young.close();
        assertEquals(0, running.count(Optional.empty()));
    }

    @Test
    void theQuantileOfFirstTokensIsByNearestRankAndOfTheNewestOnly() {
        assertEquals(OptionalLong.empty(), running.firstTokenMicros(0.95));
        for (int one = 1; one <= 100; one++) running.firstToken(one * 1000L);
        assertEquals(OptionalLong.of(95), running.firstTokenMicros(0.95));
        for (int one = 0; one < 2000; one++) running.firstToken(7000);
        assertEquals(OptionalLong.of(7), running.firstTokenMicros(1));
    }
}
