package graft.api;

import graft.registry.knowledge.receipts.DeletionReceipt;
import graft.registry.knowledge.receipts.ReceiptDao;
import graft.registry.tenant.Scope;
import java.util.List;
import java.util.Optional;

/** What deletions removed, to be read later: one's own; the admin scope reads everybody's. */
final class ReceiptsResource implements Resource {
    private static final int LISTED = 20;
    private static final int MOST_LISTED = 100;
    private final ReceiptDao receipts;

    ReceiptsResource(ReceiptDao receipts) {
        this.receipts = receipts;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.get("/admin/v1/receipts", Scope.KNOWLEDGE, this::list),
                Route.get("/admin/v1/receipts/{receipt_id}", Scope.KNOWLEDGE, this::get));
    }

    private void list(Exchange exchange) {
        int limit = exchange.queryInt("limit", LISTED, 1, MOST_LISTED);
        Optional<String> object = exchange.query("object_id");
        Optional<String> after = exchange.query("after");
        List<DeletionReceipt> found = exchange.caller().isAdmin() ? receipts.listAll(object, after, limit + 1)
                : receipts.list(exchange.caller().tenantId(), object, after, limit + 1);
        exchange.ok(Page.of(found.stream().map(Receipts.ReceiptBody::of).toList(), limit, Receipts.ReceiptBody::id));
    }

    private void get(Exchange exchange) {
        String id = exchange.path("receipt_id");
        Optional<DeletionReceipt> found = exchange.caller().isAdmin() ? receipts.findAny(id)
                : receipts.find(exchange.caller().tenantId(), id);
        exchange.ok(Receipts.ReceiptBody.of(found.orElseThrow(ApiException::notFound)));
    }
}
