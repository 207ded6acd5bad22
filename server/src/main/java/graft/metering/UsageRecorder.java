package graft.metering;

import graft.engine.Finished;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * The ledger as generation meets it. A row is opened before the first token leaves, checkpointed while tokens flow and
 * settled before the answer says it is finished; a row left open by a crash is settled at restart from its last
 * checkpoint. Any thread may call; opening and settling wait for the database.
 */
public interface UsageRecorder {
    /** @throws graft.registry.DatabaseUnavailableException when no row could be opened: then nothing may be sent */
    Ticket open(Start start);

    /**
     * @param operation {@code chat.completions}, {@code completions}, {@code embeddings}, {@code search}, {@code index}
     * @param adapterVersion 0 without an adapter
     */
    record Start(String requestId, String tenantId, String keyId, String operation, String baseId,
            Optional<String> adapterName, int adapterVersion, int promptTokens) {}

    /** One request's open row. Closing it unsettled bills what was generated. */
    interface Ticket extends AutoCloseable {
        /**
         * Told of all tokens that the engine has sent, with every one, on the engine's thread: returns at once. Has a
         * checkpoint written every half {@link #lead}.
         */
        void generated(int tokensSoFar);

        /** Most tokens of all sequences together beyond what is committed ({@code metering.checkpoint-tokens}). */
        default int lead() {
            return Integer.MAX_VALUE;
        }

        /** @param tokens is told how many are committed, on the recorder's thread, and returns at once */
        default void whenCommitted(IntConsumer tokens) {}

        /**
         * For whoever waits for tokens: the engine may be held because of the row.
         *
         * @throws graft.registry.DatabaseUnavailableException if a checkpoint waits {@code metering.longest-wait}
         */
        default void checkWritten() {}

        /** A retrieval was made for this request. */
        void retrieved(int queryTokens, long micros);

        /** So many tokens of a document were embedded. */
        default void indexed(int tokens) {}

        /** So many tokens of the prompt are passages. */
        default void context(int tokens) {}

        /** An adapter was brought into memory for this request. The engine's threads may call. */
        default void adapterLoaded() {}

        /**
         * Settles by the engine's own counters. Idempotent: a second call changes nothing.
         *
         * @param deliveredTokens written to the client's socket, recorded beside what is billed
         */
        Settled settle(Finished finished, int deliveredTokens);

        @Override
        void close();
    }

    /** @param costMicros millionths of the currency's unit */
    record Settled(long costMicros, String currency) {}
}
