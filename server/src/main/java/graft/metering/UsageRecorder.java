package graft.metering;

import graft.engine.Finished;
import java.util.Optional;

/**
 * The ledger as generation meets it. A row is opened before the first token leaves, checkpointed while tokens flow and
 * settled before the answer says it is finished; a row left open by a crash is settled at restart from its last
 * checkpoint. Any thread may call; every method may wait for the database.
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

    /** One request's open row. Belongs to the request's thread. Closing it unsettled bills what was checkpointed. */
    interface Ticket extends AutoCloseable {
        /** Told of all tokens that the engine has sent, after every one that was taken; writes a checkpoint every {@code metering.checkpoint-tokens}. */
        void generated(int tokensSoFar);

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
