package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.registry.tenant.Limits;
import graft.registry.tenant.LimitsDao;
import graft.registry.tenant.Scope;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What a tenant may use. PUT replaces all limits; an absent or null one is none. */
final class LimitsResource implements Resource {
    private final LimitsDao limits;

    LimitsResource(LimitsDao limits) {
        this.limits = limits;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.get("/admin/v1/tenants/{tenant_id}/limits", Scope.ADMIN, this::get),
                Route.put("/admin/v1/tenants/{tenant_id}/limits", Scope.ADMIN, this::put));
    }

    record Body(Long requestsPerMinute, Long tokensPerMinute, Long maxParallelRequests, Long storageBytes,
            Long maxAdapters, Budget budget) {
        static Body of(Limits limits) {
            return new Body(boxed(limits.requestsPerMinute()), boxed(limits.tokensPerMinute()),
                    boxed(limits.maxParallelRequests()), boxed(limits.storageBytes()), boxed(limits.maxAdapters()),
                    limits.budget().map(budget -> new Budget(budget.amountMicros(), budget.period().word(),
                            budget.alertPercent().isPresent() ? budget.alertPercent().getAsInt() : null))
                            .orElse(null));
        }

        Limits limits() {
            return new Limits(limit("requests_per_minute", requestsPerMinute),
                    limit("tokens_per_minute", tokensPerMinute),
                    limit("max_parallel_requests", maxParallelRequests), limit("storage_bytes", storageBytes),
                    limit("max_adapters", maxAdapters), Optional.ofNullable(budget).map(Budget::checked));
        }
    }

    /** @param alertPercent of the amount, at which replies and the audit log say so; absent: no alert */
    record Budget(Long amountMicros, String period, Integer alertPercent) {
        Limits.Budget checked() {
            if (amountMicros == null)
                throw ApiException.invalid("budget.amount_micros", "'amount_micros' is required.");
            OptionalLong amount = limit("budget.amount_micros", amountMicros);
            Limits.Period known = Limits.Period.of(String.valueOf(period)).orElseThrow(() -> ApiException.invalid(
                    "budget.period", "'period' must be 'day', 'month' or 'total'."));
            Checks.within("budget.alert_percent", alertPercent, 1, 100);
            return new Limits.Budget(amount.getAsLong(), known,
                    alertPercent == null ? OptionalInt.empty() : OptionalInt.of(alertPercent));
        }
    }

    private static Long boxed(OptionalLong limit) {
        return limit.isPresent() ? Long.valueOf(limit.getAsLong()) : null;
    }

    private static OptionalLong limit(String name, Long value) {
        if (value == null) return OptionalLong.empty();
        if (value < 0) throw ApiException.invalid(name, "'" + name + "' must not be negative.");
        return OptionalLong.of(value);
    }

    private Limits of(String tenantId) {
        return limits.find(tenantId).orElseThrow(ApiException::notFound);
    }

    private void get(Exchange exchange) {
        exchange.ok(Body.of(of(exchange.path("tenant_id"))));
    }

    /** A limit that is misspelt would be no limit at all, so unknown fields are refused. */
    private void put(Exchange exchange) {
        String tenantId = exchange.path("tenant_id");
        JsonNode tree = Json.tree(exchange.bytes());
        if (!tree.isObject()) throw ApiException.invalid("The body must be a JSON object.");
        Limits wanted = Json.readStrict(tree, Body.class, null).limits();
        of(tenantId);
        limits.put(exchange.caller().keyId(), tenantId, wanted);
        exchange.ok(Body.of(wanted));
    }
}
