package graft;

import graft.engine.Finished;
import graft.knowledge.IndexMeter;
import graft.metering.UsageRecorder;
import graft.registry.Ids;
import java.util.Optional;

/** Bills indexing in the ledger: a row a document and attempt, checkpointed with every batch. */
final class IndexBilling implements IndexMeter {
    private final UsageRecorder usage;

    IndexBilling(UsageRecorder usage) {
        this.usage = usage;
    }

    @Override
    public Document open(String tenantId, String embedder) {
        UsageRecorder.Ticket ticket = usage.open(new UsageRecorder.Start(Ids.next("index_"), tenantId, "", "index",
                embedder, Optional.empty(), 0, 0));
        return new Document() {
            private long micros;

            @Override
            public void embedded(int tokens, long took) {
                micros += took;
                ticket.indexed(tokens);
            }

            @Override
            public void close() {
                try (ticket) {
                    ticket.settle(new Finished(Finished.Reason.STOP_TOKEN, 0, 0, 0, 0, micros, Optional.empty()), 0);
                }
            }
        };
    }
}
