package graft.registry.usage;

import java.util.Objects;

/** One step in the life of a request's row. Each may be repeated without effect. */
public sealed interface LedgerWrite {
    UsageRequest request();

    /** Before the first token. */
    record Open(UsageRequest request) implements LedgerWrite {
        public Open {
            Objects.requireNonNull(request);
        }
    }

    /** What would be billed if the server died now. Counters only grow. */
    record Checkpoint(UsageRequest request, Counters counters) implements LedgerWrite {
        public Checkpoint {
            Objects.requireNonNull(request);
            Objects.requireNonNull(counters);
        }
    }

    /**
     * The end: bills the counters, moves the tenant's account, and frees what admission holds for this request.
     *
     * @param ended     {@code stop_token}, {@code length}, {@code cancelled}, {@code failed}, {@code abandoned}
     * @param delivered tokens written to the client, recorded beside what is billed
     * @param context   tokens of the prompt that were passages
     */
    record Settle(UsageRequest request, Counters counters, PriceBook prices, String ended, long delivered,
            long context, Times times) implements LedgerWrite {
        public Settle(UsageRequest request, Counters counters, PriceBook prices, String ended, long delivered,
                Times times) {
            this(request, counters, prices, ended, delivered, 0, times);
        }

        public Settle {
            Objects.requireNonNull(request);
            Objects.requireNonNull(counters);
            Objects.requireNonNull(prices);
            Objects.requireNonNull(ended);
            Objects.requireNonNull(times);
        }
    }

    /** Microseconds. */
    record Times(long queue, long engine, long retrieval) {
        public static final Times NONE = new Times(0, 0, 0);
    }
}
