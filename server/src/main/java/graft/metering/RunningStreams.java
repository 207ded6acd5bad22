package graft.metering;

import graft.registry.usage.UsageRequest;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * What is being answered right now, and how long first tokens took lately, for people who watch. Bounded by what
 * admission lets run, and by the ring of first tokens. Any thread may call; a look is a snapshot.
 */
public final class RunningStreams {
    private static final int FIRST_TOKENS = 512;
    private static final long LATELY_NANOS = 300_000_000_000L;
    private final ConcurrentMap<String, Entry> running = new ConcurrentHashMap<>();
    /** Pairs of when and how long, nanoseconds; the oldest is written over. */
    private final long[] firstTokens = new long[2 * FIRST_TOKENS];
    private int seen;

    /** @param adapter none where the base model answers */
    public record Stream(String requestId, String tenantId, String operation, String baseId, Optional<String> adapter,
            int adapterVersion, int promptTokens, int generatedTokens, Instant startedAt) {}

    /** One request's place in the list, from the opening of its row to the end. */
    final class Entry implements AutoCloseable {
        private final UsageRequest request;
        private final int promptTokens;
        private volatile int generated;

        private Entry(UsageRequest request, int promptTokens) {
            this.request = request;
            this.promptTokens = promptTokens;
        }

        void generated(int tokensSoFar) {
            generated = tokensSoFar;
        }

        private Stream look() {
            return new Stream(request.requestId(), request.tenantId(), request.operation(), request.baseId(),
                    Optional.of(request.adapterName()).filter(name -> !name.isEmpty()), request.adapterVersion(),
                    promptTokens, generated, request.openedAt());
        }

        @Override
        public void close() {
            running.remove(request.requestId(), this);
        }
    }

    Entry begin(UsageRequest request, int promptTokens) {
        Entry entry = new Entry(request, promptTokens);
        running.put(request.requestId(), entry);
        return entry;
    }

    void firstToken(long nanos) {
        synchronized (firstTokens) {
            int at = 2 * (seen++ % FIRST_TOKENS);
            firstTokens[at] = System.nanoTime();
            firstTokens[at + 1] = nanos;
            if (seen == 2 * FIRST_TOKENS) seen = FIRST_TOKENS; // the ring is full; the count must not run over
        }
    }

    /** @param tenantId only this tenant's; @param most of the oldest */
    public List<Stream> oldestFirst(Optional<String> tenantId, int most) {
        return running.values().stream().map(Entry::look)
                .filter(one -> tenantId.isEmpty() || tenantId.get().equals(one.tenantId()))
                .sorted(Comparator.comparing(Stream::startedAt)).limit(most).toList();
    }

    public int count(Optional<String> tenantId) {
        if (tenantId.isEmpty()) return running.size();
        return (int) running.values().stream().filter(one -> tenantId.get().equals(one.request.tenantId())).count();
    }

    /**
     * Microseconds to the first token, of the last five minutes and at most 512 of them; none if nothing was answered.
     *
     * @param quantile in (0, 1], by nearest rank
     */
    public OptionalLong firstTokenMicros(double quantile) {
        long[] lately = lately();
        if (lately.length == 0) return OptionalLong.empty();
        Arrays.sort(lately);
        int rank = Math.clamp((int) Math.ceil(quantile * lately.length), 1, lately.length);
        return OptionalLong.of(lately[rank - 1] / 1000);
    }

    private long[] lately() {
        long now = System.nanoTime();
        synchronized (firstTokens) {
            long[] found = new long[Math.min(seen, FIRST_TOKENS)];
            int count = 0;
            for (int one = 0; one < found.length; one++) {
                if (now - firstTokens[2 * one] < LATELY_NANOS) found[count++] = firstTokens[2 * one + 1];
            }
            return Arrays.copyOf(found, count);
        }
    }
}
