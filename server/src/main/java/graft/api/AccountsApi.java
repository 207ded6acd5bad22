package graft.api;

import graft.metering.Metering;
import graft.registry.Database;
import graft.registry.costs.CostBookDao;
import graft.registry.costs.CostReportDao;
import graft.registry.costs.EngineTimeDao;
import graft.registry.tenant.ApiKeyDao;
import graft.registry.tenant.AuditDao;
import graft.registry.tenant.LimitsDao;
import graft.registry.tenant.Pepper;
import graft.registry.tenant.SessionDao;
import graft.registry.tenant.TenantDao;
import graft.registry.usage.BudgetDao;
import graft.registry.usage.PriceBookDao;
import graft.registry.usage.UsageReportDao;
import java.time.Duration;
import java.util.List;

/** Tenants, keys, limits, prices, usage and the audit log over HTTP, and the key check that all other routes share. */
public final class AccountsApi {
    private final ApiKeyFilter filter;
    private final List<Resource> resources;
    private final Idempotency idempotency;

    /**
     * @param cacheSize         good keys remembered ({@code keys.cache-size}, 10,000)
     * @param cacheLife         until a key that another server revoked is refused here ({@code keys.cache-life}, 5 s)
     * @param badKeysAMinute    from one address ({@code keys.bad-keys-per-minute}, 10)
     * @param guessingAddresses remembered ({@code keys.guessing-addresses}, 10,000)
     * @param sessionLife       of a browser's session ({@code keys.session-life}, 12 h)
     * @param rotationOverlap   of a rotated key and its successor ({@code keys.rotation-overlap}, 24 h)
     * @param largestReply      bytes of a reply kept for retries ({@code idempotency.largest-reply}, 8 MiB)
     * @param longestHold       of a budget by a request ({@code admission.longest-hold}, 1 h)
     */
    public record Settings(int cacheSize, Duration cacheLife, int badKeysAMinute, int guessingAddresses,
            Duration sessionLife, Duration rotationOverlap, int largestReply, Duration longestHold) {
        public static final Settings DEFAULT = new Settings(10_000, Duration.ofSeconds(5), 10, 10_000,
                Duration.ofHours(12), Duration.ofHours(24), 8 << 20, Duration.ofHours(1));
    }

    public AccountsApi(Database database, Pepper pepper, Metering metering, Settings settings) {
        ApiKeyDao keys = new ApiKeyDao(database, pepper);
        SessionDao sessions = new SessionDao(database, pepper);
        filter = new ApiKeyFilter(keys, sessions, pepper, settings);
        idempotency = new Idempotency(metering.replies(), metering.processId(), metering.recorder().billedBefore(),
                settings.largestReply());
        resources = List.of(
                new SessionResource(filter, sessions, settings.sessionLife()),
                new TenantsResource(new TenantDao(database), keys, filter, settings.rotationOverlap()),
                new LimitsResource(new LimitsDao(database)),
                new BudgetsResource(new BudgetDao(database, settings.longestHold())),
                new AuditResource(new AuditDao(database)),
                new PricesResource(new PriceBookDao(database), metering.prices()),
                new UsageResource(new UsageReportDao(database)),
                new CostsResource(new CostBookDao(database), new CostReportDao(database), new EngineTimeDao(database),
                        new PriceBookDao(database)),
                new AdviceResource(new CostReportDao(database), new PriceBookDao(database)),
                new MetricsResource(metering.metrics()));
    }

    Authenticator authenticator() {
        return filter;
    }

    Idempotency idempotency() {
        return idempotency;
    }

    List<Resource> resources() {
        return resources;
    }
}
