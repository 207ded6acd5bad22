package graft.registry.usage;

import graft.registry.Database;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Writes the ledger, many requests a transaction, so that metering costs one commit for all that wait. Rows of
 * {@code usage_event} are only ever added, in the transaction that settles their request; a request that is settled
 * stays as it is, so a repeated write changes nothing. Any thread may call; writes wait for the database.
 */
public final class LedgerDao {
    private final Database database;

    public LedgerDao(Database database) {
        this.database = database;
    }

    /**
     * All of the writes or none.
     *
     * @return cost in micros by request id of each settled request, whoever settled it
     * @throws UnopenedRequestException if a request is to be settled that was never opened
     */
    public Map<String, Long> write(List<LedgerWrite> writes) {
        return database.asOperator(handle -> write(handle, writes));
    }

    private static Map<String, Long> write(Handle handle, List<LedgerWrite> writes) {
        List<LedgerWrite.Open> opened = new ArrayList<>();
        List<LedgerWrite.Checkpoint> checkpoints = new ArrayList<>();
        List<LedgerWrite.Settle> settled = new ArrayList<>();
        for (LedgerWrite write : writes) {
            switch (write) {
                case LedgerWrite.Open open -> opened.add(open);
                case LedgerWrite.Checkpoint checkpoint -> checkpoints.add(checkpoint);
                case LedgerWrite.Settle settle -> settled.add(settle);
            }
        }
        if (!opened.isEmpty()) open(handle, opened);
        if (!checkpoints.isEmpty()) checkpoint(handle, checkpoints);
        return settled.isEmpty() ? Map.of() : settle(handle, settled);
    }

    private static void open(Handle handle, List<LedgerWrite.Open> opened) {
        PreparedBatch batch = handle.prepareBatch("""
                INSERT INTO usage_request (day, request_id, tenant_id, key_id, operation, base_id, adapter_name,
                    adapter_version, process_id, price_revision, opened_at)
                VALUES (:day, :id, :tenant, :key, :operation, :base, :adapter, :version, :process, :revision, :at)
                ON CONFLICT DO NOTHING
                """);
        for (LedgerWrite.Open open : opened) {
            UsageRequest request = open.request();
            bindHeader(batch, request).bind("process", request.processId()).add();
        }
        batch.execute();
    }

    private static PreparedBatch bindHeader(PreparedBatch batch, UsageRequest request) {
        return batch.bind("day", request.day()).bind("id", request.requestId()).bind("tenant", request.tenantId())
                .bind("key", request.keyId()).bind("operation", request.operation()).bind("base", request.baseId())
                .bind("adapter", request.adapterName()).bind("version", request.adapterVersion())
                .bind("revision", request.priceRevision()).bind("at", request.openedAt().atOffset(ZoneOffset.UTC));
    }

    private static void checkpoint(Handle handle, List<LedgerWrite.Checkpoint> checkpoints) {
        PreparedBatch batch = handle.prepareBatch("""
                UPDATE usage_request SET checkpointed_at = now(), prefill = greatest(prefill, :prefill),
                    cached_prefill = greatest(cached_prefill, :cached_prefill), decode = greatest(decode, :decode),
                    embed_query = greatest(embed_query, :embed_query), retrieve = greatest(retrieve, :retrieve),
                    embed_index = greatest(embed_index, :embed_index), storage = greatest(storage, :storage),
                    adapter_load = greatest(adapter_load, :adapter_load)
                WHERE day = :day AND request_id = :id AND state = 'open'
                """);
        for (LedgerWrite.Checkpoint checkpoint : checkpoints) {
            batch.bind("day", checkpoint.request().day()).bind("id", checkpoint.request().requestId());
            bindCounters(batch, checkpoint.counters()).add();
        }
        batch.execute();
    }

    private static PreparedBatch bindCounters(PreparedBatch batch, Counters counters) {
        for (Component component : Component.values()) batch.bind(component.word(), counters.of(component));
        return batch;
    }

    static Map<String, Long> settle(Handle handle, List<LedgerWrite.Settle> settles) {
        PreparedBatch batch = handle.prepareBatch("""
                UPDATE usage_request SET state = 'settled', settled_at = now(), ended = :ended, prefill = :prefill,
                    cached_prefill = :cached_prefill, decode = :decode, embed_query = :embed_query,
                    retrieve = :retrieve, embed_index = :embed_index, storage = :storage,
                    adapter_load = :adapter_load, context_tokens = :context, delivered = :delivered,
                    queue_micros = :queue, engine_micros = :engine, retrieval_micros = :retrieval, cost_micros = :cost
                WHERE day = :day AND request_id = :id AND state = 'open'
                """);
        Map<String, Long> costs = new HashMap<>();
        for (LedgerWrite.Settle settle : settles) {
            long cost = settle.counters().cost(settle.prices(), settle.request().baseId(),
                    settle.request().adapterName());
            costs.put(settle.request().requestId(), cost);
            batch.bind("day", settle.request().day()).bind("id", settle.request().requestId())
                    .bind("ended", settle.ended()).bind("delivered", settle.delivered())
                    .bind("context", settle.context())
                    .bind("queue", settle.times().queue()).bind("engine", settle.times().engine())
                    .bind("retrieval", settle.times().retrieval()).bind("cost", cost);
            bindCounters(batch, settle.counters()).add();
        }
        int[] updated = batch.execute();
        List<LedgerWrite.Settle> first = new ArrayList<>();
        for (int i = 0; i < updated.length; i++) {
            LedgerWrite.Settle settle = settles.get(i);
            if (updated[i] == 1) first.add(settle);
            else costs.put(settle.request().requestId(), settledBefore(handle, settle.request()));
        }
        if (!first.isEmpty()) {
            addEvents(handle, first);
            Accounts.spend(handle, first, costs);
            Holds.settle(handle, first);
        }
        return costs;
    }

    private static long settledBefore(Handle handle, UsageRequest request) {
        return handle.createQuery(
                "SELECT cost_micros FROM usage_request WHERE day = :day AND request_id = :id AND state = 'settled'")
                .bind("day", request.day()).bind("id", request.requestId()).mapTo(Long.class).findOne()
                .orElseThrow(() -> new UnopenedRequestException(request.requestId()));
    }

    private static void addEvents(Handle handle, List<LedgerWrite.Settle> settles) {
        PreparedBatch batch = handle.prepareBatch("""
                INSERT INTO usage_event (day, request_id, component, at, tenant_id, key_id, operation, base_id,
                    adapter_name, adapter_version, quantity, price_revision, cost_micros)
                VALUES (:day, :id, :component, :at, :tenant, :key, :operation, :base, :adapter, :version, :quantity,
                    :revision, :cost)
                """);
        int lines = 0;
        for (LedgerWrite.Settle settle : settles) {
            UsageRequest request = settle.request();
            for (Counters.Line line : settle.counters().lines(settle.prices(), request.baseId(),
                    request.adapterName())) {
                bindHeader(batch, request).bind("component", line.component().word())
                        .bind("quantity", line.quantity()).bind("cost", line.costMicros()).add();
                lines++;
            }
        }
        if (lines > 0) batch.execute();
    }

    /** A row was to be settled that nobody opened: a fault of the caller. */
    public static final class UnopenedRequestException extends RuntimeException {
        private static final long serialVersionUID = 1;

        UnopenedRequestException(String requestId) {
            super(requestId);
        }
    }
}
