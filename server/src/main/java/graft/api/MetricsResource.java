package graft.api;

import graft.metering.Metrics;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.util.List;

/** What Prometheus scrapes: open to the machine itself, elsewhere for the admin scope only. */
final class MetricsResource implements Resource {
    private final Metrics metrics;

    MetricsResource(Metrics metrics) {
        this.metrics = metrics;
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(Method.GET, "/metrics", new Route.Access.AdminUnlessLocal(), this::scrape));
    }

    private void scrape(Exchange exchange) {
        Metrics.Exposition exposition = metrics.scrape(exchange.header("Accept").orElse(""));
        exchange.response().header(HeaderNames.CONTENT_TYPE, exposition.contentType());
        exchange.response().send(exposition.body());
    }
}
