package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.registry.tenant.AuditDao;
import graft.registry.tenant.Scope;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;

/** Who did what, newest first, for the operator. */
final class AuditResource implements Resource {
    private final AuditDao audit;

    AuditResource(AuditDao audit) {
        this.audit = audit;
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.get("/admin/v1/audit", Scope.ADMIN, this::list));
    }

    /** @param actor the key's id, or {@code server} */
    record Entry(String object, String id, long createdAt, String actor, String tenantId, String action,
            String objectId, JsonNode details) {
        static Entry of(AuditDao.Entry entry) {
            return new Entry("audit_entry", Long.toString(entry.id()), entry.at().getEpochSecond(), entry.actor(),
                    entry.tenantId(), entry.action(), entry.object(),
                    Json.tree(entry.details().getBytes(StandardCharsets.UTF_8)));
        }
    }

    private void list(Exchange exchange) {
        int limit = exchange.queryInt("limit", 20, 1, 100);
        OptionalLong before = exchange.query("after").map(AuditResource::id).map(OptionalLong::of)
                .orElse(OptionalLong.empty());
        exchange.ok(Page.of(audit.list(new AuditDao.Filter(exchange.query("tenant_id"), exchange.query("action"),
                exchange.query("object_id")), before, limit + 1).stream().map(Entry::of).toList(), limit, Entry::id));
    }

    private static long id(String after) {
        try {
            return Long.parseLong(after);
        } catch (NumberFormatException e) {
            throw ApiException.invalid("after", "'after' must be the id of an entry.");
        }
    }
}
