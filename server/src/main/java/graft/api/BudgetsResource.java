package graft.api;

import graft.registry.tenant.Scope;
import graft.registry.usage.BudgetDao;
import java.util.List;
import java.util.Optional;

/** How much of a budget is spent and held; the admin scope sees those of all tenants, others their own. */
final class BudgetsResource implements Resource {
    private final BudgetDao budgets;

    BudgetsResource(BudgetDao budgets) {
        this.budgets = budgets;
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.get("/admin/v1/budgets", Scope.INFERENCE, this::list));
    }

    record Body(String object, String tenantId, String tenantName, long amountMicros, String period, long spentMicros,
            long heldMicros, Integer alertPercent) {
        static Body of(BudgetDao.Budget budget) {
            return new Body("budget", budget.tenantId(), budget.tenantName(), budget.amountMicros(), budget.period(),
                    budget.spentMicros(), budget.heldMicros(), budget.alertPercent().orElse(null));
        }
    }

    private void list(Exchange exchange) {
        int limit = exchange.queryInt("limit", 20, 1, 100);
        Optional<String> whose = exchange.caller().isAdmin() ? exchange.query("tenant_id")
                : Optional.of(exchange.caller().tenantId());
        exchange.ok(Page.of(budgets.list(whose, limit + 1).stream().map(Body::of).toList(), limit, Body::tenantId));
    }
}
