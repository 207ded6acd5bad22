package graft.registry.usage;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * What becomes of holds when their requests are settled: they are freed, and the minute's tokens become those that were
 * used. Only seconds that still count are touched, which admission no longer removes, and always in the same order: so
 * neither admission nor another server's settling can block this for good.
 */
final class Holds {
    private Holds() {}

    private record Place(String tenantId, long second) {}

    private record Freed(String tenantId, long second, long tokens, String requestId) {}

    static void settle(Handle handle, List<LedgerWrite.Settle> settles) {
        Map<String, Long> used = settles.stream().collect(Collectors.toMap(settle -> settle.request().requestId(),
                settle -> settle.counters().tokens(), (one, same) -> one));
        Map<Place, Long> unused = new TreeMap<>(Comparator.comparing(Place::tenantId).thenComparing(Place::second));
        handle.createQuery("""
                DELETE FROM admission_hold WHERE request_id = ANY (string_to_array(:ids, ','))
                RETURNING tenant_id, second, tokens, request_id
                """)
                .bind("ids", String.join(",", used.keySet()))
                .map((row, context) -> new Freed(row.getString("tenant_id"), row.getLong("second"),
                        row.getLong("tokens"), row.getString("request_id")))
                .list().forEach(freed -> unused.merge(new Place(freed.tenantId(), freed.second()),
                        freed.tokens() - used.get(freed.requestId()), Long::sum));
        unused.values().removeIf(tokens -> tokens == 0);
        if (!unused.isEmpty()) giveBack(handle, unused);
    }

    private static void giveBack(Handle handle, Map<Place, Long> unused) {
        PreparedBatch batch = handle.prepareBatch("""
                UPDATE admission_window SET tokens = greatest(0, tokens - :unused)
                WHERE tenant_id = :tenant AND second = :second
                    AND second > extract(epoch FROM now()) - :window
                """);
        unused.forEach((place, tokens) -> batch.bind("tenant", place.tenantId()).bind("second", place.second())
                .bind("unused", tokens).bind("window", AdmissionDao.WINDOW).add());
        batch.execute();
    }

    /** Frees the hold of a request that ended without a bill: its tokens count no more. */
    static void free(Handle handle, String tenantId, String holdId) {
        handle.createUpdate("""
                WITH freed AS (DELETE FROM admission_hold WHERE id = :id AND tenant_id = :tenant
                    RETURNING second, tokens)
                UPDATE admission_window w SET tokens = greatest(0, w.tokens - freed.tokens) FROM freed
                WHERE w.tenant_id = :tenant AND w.second = freed.second
                    AND w.second > extract(epoch FROM now()) - :window
                """)
                .bind("id", holdId).bind("tenant", tenantId).bind("window", AdmissionDao.WINDOW).execute();
    }

    /** @return false if the hold is gone */
    static boolean change(Handle handle, String holdId, Demand demand) {
        return handle.createQuery("""
                WITH held AS (SELECT id, second, tokens FROM admission_hold
                    WHERE id = :id AND tenant_id = :tenant FOR UPDATE),
                changed AS (UPDATE admission_hold h SET tokens = :tokens, micros = :micros FROM held
                    WHERE h.id = held.id),
                counted AS (UPDATE admission_window w SET tokens = greatest(0, w.tokens + :tokens - held.tokens)
                    FROM held WHERE w.tenant_id = :tenant AND w.second = held.second
                        AND w.second > extract(epoch FROM now()) - :window)
                SELECT 1 FROM held
                """)
                .bind("id", holdId).bind("tenant", demand.tenantId()).bind("tokens", demand.tokens())
                .bind("micros", demand.micros()).bind("window", AdmissionDao.WINDOW).mapTo(Integer.class)
                .findOne().isPresent();
    }
}
