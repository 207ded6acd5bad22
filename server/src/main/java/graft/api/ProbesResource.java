package graft.api;

import io.helidon.http.Method;
import java.util.List;

/** Probes for Kubernetes and load balancers; open to anyone, and they tell nothing but up or down. */
final class ProbesResource implements Resource {
    private final Health health;

    ProbesResource(Health health) {
        this.health = health;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                // The listener opens when everything has started, so whoever reaches it hears yes.
                Route.open(Method.GET, "/health/started", exchange -> exchange.ok(Health.Report.UP)),
                Route.open(Method.GET, "/health/live", exchange -> exchange.ok(Health.Report.UP)),
                Route.open(Method.GET, "/health/ready", this::ready));
    }

    private void ready(Exchange exchange) {
        Health.Report report = health.ready();
        exchange.send(report.isUp() ? 200 : 503, report);
    }
}
