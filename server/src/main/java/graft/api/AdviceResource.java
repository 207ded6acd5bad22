package graft.api;

import graft.metering.costs.BreakEven;
import graft.registry.costs.CostReportDao;
import graft.registry.costs.CostReportDao.Meters;
import graft.registry.tenant.Scope;
import graft.registry.usage.Component;
import graft.registry.usage.PriceBook;
import graft.registry.usage.PriceBookDao;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Passages or a fine-tuned adapter: what a tenant's own meters say. Every input can be given in the query and is shown;
 * what is not given comes from the meters and the price book. The admin scope asks for any tenant or for all.
 */
final class AdviceResource implements Resource {
    private static final int SCALE = 6;
    private static final BigDecimal MONTH_DAYS = BigDecimal.valueOf(30);
    private final CostReportDao reports;
    private final PriceBookDao prices;

    AdviceResource(CostReportDao reports, PriceBookDao prices) {
        this.reports = reports;
        this.prices = prices;
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.get("/admin/v1/costs/breakeven", Scope.INFERENCE, this::breakEven),
                Route.get("/admin/v1/advice", Scope.INFERENCE, this::advise));
    }

    /** What the meters say, and whose they are. */
    private record Known(Optional<String> tenantId, int days, Meters meters, PriceBook book) {}

    private Known known(Exchange exchange) {
        int days = exchange.queryInt("days", 30, 1, 366);
        Optional<String> asked = exchange.query("tenant_id");
        if (asked.isPresent() && !exchange.caller().isAdmin() && !asked.get().equals(exchange.caller().tenantId()))
            throw ApiException.notFound();
        Optional<String> tenant = exchange.caller().isAdmin() ? asked : Optional.of(exchange.caller().tenantId());
        Instant now = Instant.now();
        return new Known(tenant, days, reports.meters(tenant, now.minus(Duration.ofDays(days)), now), prices.current());
    }

    private static BigDecimal ratio(long sum, long count) {
        return count == 0 ? BigDecimal.ZERO : BigDecimal.valueOf(sum).divide(BigDecimal.valueOf(count), SCALE,
                RoundingMode.HALF_UP).stripTrailingZeros();
    }

    private static BigDecimal number(Exchange exchange, String name, BigDecimal byDefault) {
        Optional<String> text = exchange.query(name);
        if (text.isEmpty()) return byDefault;
        if (!text.get().matches("\\d{1,15}(\\.\\d{1,9})?"))
            throw ApiException.invalid(name, "'" + name + "' must be a number, 0 or more.");
        return new BigDecimal(text.get());
    }

    private static long whole(Exchange exchange, String name, long byDefault) {
        try {
            return number(exchange, name, BigDecimal.valueOf(byDefault)).longValueExact();
        } catch (ArithmeticException e) {
            throw ApiException.invalid(name, "'" + name + "' must be a whole number.");
        }
    }

    private static long perMonth(Known known, long count) {
        return BigDecimal.valueOf(count).multiply(MONTH_DAYS).divide(BigDecimal.valueOf(known.days()), 0,
                RoundingMode.HALF_UP).longValueExact();
    }

    private static BreakEven reckon(Exchange exchange, Known known) {
        Meters meters = known.meters();
        String base = exchange.query("base").orElse("");
        long price = known.book().microsPerMillion(Component.PREFILL, base, "");
        return new BreakEven(
                number(exchange, "context_tokens", ratio(meters.contextTokens(), meters.withContext())),
                number(exchange, "price_micros_per_million", BigDecimal.valueOf(price)),
                number(exchange, "retrieval_micros_per_query", ratio(meters.retrievalMicros(), meters.withContext())),
                number(exchange, "adapter_micros_per_query", BigDecimal.ZERO),
                whole(exchange, "queries_per_month", perMonth(known, meters.withContext())),
                new BreakEven.Fixed(whole(exchange, "training_micros", 150_000_000),
                        whole(exchange, "data_preparation_micros", 0), whole(exchange, "evaluation_micros", 0),
                        number(exchange, "retrainings_per_month", BigDecimal.ZERO)));
    }

    record Reply(String object, String tenantId, int days, String currency, String formula, Map<String, Object> inputs,
            BigDecimal contextMicrosPerQuery, BigDecimal contextMicrosPerMonth, BigDecimal savedMicrosPerQuery,
            BigDecimal fixedMicros, BigDecimal breakEvenQueriesPerMonth, boolean adapterPaysOff) {
        static Reply of(Known known, BreakEven even) {
            Map<String, Object> inputs = new LinkedHashMap<>();
            inputs.put("context_tokens", even.contextTokens());
            inputs.put("price_micros_per_million", even.microsPerMillion());
            inputs.put("retrieval_micros_per_query", even.retrievalMicros());
            inputs.put("adapter_micros_per_query", even.adapterMicros());
            inputs.put("queries_per_month", even.queriesPerMonth());
            inputs.put("training_micros", even.fixed().training());
            inputs.put("data_preparation_micros", even.fixed().dataPreparation());
            inputs.put("evaluation_micros", even.fixed().evaluation());
            inputs.put("retrainings_per_month", even.fixed().retrainings());
            return new Reply("costs.breakeven", known.tenantId().orElse(null), known.days(), known.book().currency(),
                    BreakEven.FORMULA, inputs, even.contextMicros(), even.monthlyContextMicros(), even.savedMicros(),
                    even.fixedMicros(), even.queries().orElse(null), even.paysOff());
        }
    }

    private void breakEven(Exchange exchange) {
        Known known = known(exchange);
        exchange.ok(Reply.of(known, reckon(exchange, known)));
    }

    /** @param answer what the meters know; null if they can't */
    record Question(String question, String answer, Map<String, Object> measured) {}

    /** @param savedMicrosPerMonth if every passage were read from the prefix cache, and none is now as it is now */
    record Pinned(BigDecimal cachedShareNow, BigDecimal cachedPriceMicrosPerMillion, BigDecimal savedMicrosPerMonth,
            String formula) {}

    record Advice(String object, String tenantId, int days, String currency, Reply fineTuning, Pinned pinned,
            List<Question> questions) {}

    private void advise(Exchange exchange) {
        Known known = known(exchange);
        BreakEven even = reckon(exchange, known);
        exchange.ok(new Advice("advice", known.tenantId().orElse(null), known.days(), known.book().currency(),
                Reply.of(known, even), pinned(known, even), questions(known)));
    }

    private static Pinned pinned(Known known, BreakEven even) {
        Meters meters = known.meters();
        BigDecimal cached = BigDecimal.valueOf(known.book().microsPerMillion(Component.CACHED_PREFILL, "", ""));
        BigDecimal share = ratio(meters.cachedTokens(), meters.promptTokens());
        BigDecimal saved = even.contextTokens().multiply(BigDecimal.valueOf(even.queriesPerMonth()))
                .multiply(BigDecimal.ONE.subtract(share)).multiply(even.microsPerMillion().subtract(cached))
                .divide(BigDecimal.valueOf(1_000_000), SCALE, RoundingMode.HALF_UP);
        return new Pinned(share, cached, saved.stripTrailingZeros(), "context_tokens * queries_per_month * "
                + "(1 - cached_share_now) * (price_micros_per_million - cached_price_micros_per_million) / 1000000");
    }

    /** The six questions between retrieval and fine-tuning; what no meter can know is left to people. */
    private static List<Question> questions(Known known) {
        Meters meters = known.meters();
        BigDecimal changes = ratio(meters.changedDocuments(), meters.documents());
        return List.of(
                new Question("Does the knowledge change often?", meters.documents() == 0 ? null
                        : changes.signum() > 0 ? "Documents changed: passages follow at once, adapters after training."
                        : "No document changed in the time.", Map.of("documents", meters.documents(),
                        "revisions", meters.changedDocuments(), "revisions_per_document", changes)),
                new Question("Must answers cite?", meters.withContext() > 0
                        ? "Answers with passages can be cited to the letter; an adapter alone can't." : null,
                        Map.of("share_with_passages", ratio(meters.withContext(), meters.queries()))),
                new Question("Is the problem format or facts?", null, Map.of("share_with_adapter",
                        ratio(meters.withAdapter(), meters.queries()), "share_with_passages",
                        ratio(meters.withContext(), meters.queries()))),
                new Question("How many queries a month?", String.valueOf(perMonth(known, meters.queries())),
                        Map.of("queries", meters.queries(), "days", known.days())),
                new Question("What latency?", meters.queries() == 0 ? null : "Half of the answers took up to "
                        + meters.medianMicros() / 1000 + " ms, 19 of 20 up to " + meters.p95Micros() / 1000 + " ms.",
                        Map.of("median_ms", meters.medianMicros() / 1000, "p95_ms", meters.p95Micros() / 1000)),
                new Question("How many labelled examples?", null, Map.of()));
    }
}
