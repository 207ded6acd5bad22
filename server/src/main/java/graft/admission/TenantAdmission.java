package graft.admission;

import graft.registry.tenant.Limits;
import graft.registry.usage.AdmissionDao;
import graft.registry.usage.AdmissionDao.Outcome;
import graft.registry.usage.Component;
import graft.registry.usage.Demand;
import graft.registry.usage.PriceBook;
import graft.registry.usage.Standing;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * Admission by the tenant's limits in Postgres, the same truth for every server on one database. A budget holds if
 * spent + held + worst case stays within it, so it can't be overshot as long as a request stays within its worst case.
 */
public final class TenantAdmission implements Admission {
    private static final System.Logger LOG = System.getLogger(TenantAdmission.class.getName());
    private final AdmissionDao holds;
    private final Supplier<PriceBook> prices;
    private final String processId;

    /** @param processId whose lease ends what a killed server held */
    public TenantAdmission(AdmissionDao holds, Supplier<PriceBook> prices, String processId) {
        this.holds = holds;
        this.prices = prices;
        this.processId = processId;
    }

    @Override
    public Decision admit(AdmissionRequest request) {
        String tenant = request.caller().tenantId();
        Demand demand = demand(request);
        Outcome outcome = holds.hold(demand);
        RateLimits limits = rateLimits(outcome.standing());
        return switch (outcome) {
            case Outcome.Unlimited _ -> new Admitted(limits, () -> {});
            case Outcome.Held held -> new Admitted(limits, () -> free(tenant, held.holdId()),
                    exact -> correct(held.holdId(), demand, demand(exact)));
            case Outcome.Denied denied -> refused(refuse(denied.standing(), demand).orElseThrow(), demand,
                    denied.standing(), limits);
        };
    }

    private Demand demand(AdmissionRequest request) {
        return new Demand(request.caller().tenantId(), request.requestId(), processId, request.worstCaseTokens(),
                worstCaseMicros(request, prices.get()));
    }

    private Optional<Refused> correct(String holdId, Demand held, Demand exact) {
        if (exact.equals(held)) return Optional.empty();
        AtomicReference<Refusal> refusal = new AtomicReference<>();
        Outcome outcome = holds.correct(holdId, held, exact, standing -> {
            refusal.set(refuse(standing, exact).orElse(null));
            return refusal.get() == null;
        });
        return switch (outcome) {
            case Outcome.Unlimited _, Outcome.Held _ -> Optional.empty();
            case Outcome.Denied denied -> Optional.of(refused(refusal.get(), exact, denied.standing(),
                    rateLimits(denied.standing())));
        };
    }

    /** The line is what a refusal can be proved by: the snapshot tells which rows it counted. */
    private static Refused refused(Refusal refusal, Demand demand, Standing standing, RateLimits limits) {
        LOG.log(System.Logger.Level.DEBUG, "refused={0} tenant={1} request={2} micros={3} spent={4} held={5} "
                + "snapshot={6}", refusal.kind(), demand.tenantId(), demand.requestId(),
                String.valueOf(demand.micros()), String.valueOf(standing.spentMicros()),
                String.valueOf(standing.heldMicros()), standing.snapshot());
        return new Refused(refusal.kind(), refusal.message(), refusal.retryAfter(), limits);
    }

    private void free(String tenant, String holdId) {
        try {
            holds.free(tenant, holdId);
        } catch (RuntimeException e) {
            // Settling has usually freed it already; if not, it stops counting after the longest hold.
            LOG.log(System.Logger.Level.WARNING, "tenant=" + tenant + " hold=" + holdId + " not freed", e);
        }
    }

    private static long worstCaseMicros(AdmissionRequest request, PriceBook book) {
        String base = request.baseId();
        String adapter = request.adapterName().orElse("");
        long prompt = Math.multiplyExact(request.promptTokens(), request.choices());
        long micros = Math.max(book.cost(Component.PREFILL, base, adapter, prompt),
                book.cost(Component.CACHED_PREFILL, base, adapter, prompt));
        if (request.maxNewTokens() == 0)
            micros = Math.max(micros, book.cost(Component.EMBED_QUERY, base, adapter, prompt));
        micros += book.cost(Component.DECODE, base, adapter,
                Math.multiplyExact(request.maxNewTokens(), request.choices()));
        if (request.retrievals() > 0) {
            micros += book.cost(Component.RETRIEVE, base, adapter, request.retrievals())
                    + book.cost(Component.EMBED_QUERY, base, adapter, request.promptTokens());
        }
        return micros;
    }

    private record Refusal(Kind kind, String message, Duration retryAfter) {}

    private static Optional<Refusal> refuse(Standing standing, Demand demand) {
        Limits limits = standing.limits();
        OptionalLong requests = limits.requestsPerMinute();
        if (requests.isPresent() && standing.requests() + 1 > requests.getAsLong()) {
            return Optional.of(new Refusal(Kind.RATE, "Limit of " + requests.getAsLong()
                    + " requests a minute reached.", untilFits(standing, Standing.Second::requests,
                    standing.requests() + 1 - requests.getAsLong())));
        }
        OptionalLong tokens = limits.tokensPerMinute();
        if (tokens.isPresent() && standing.tokens() + demand.tokens() > tokens.getAsLong()) {
            return Optional.of(new Refusal(Kind.RATE, "Limit of " + tokens.getAsLong() + " tokens a minute: "
                    + standing.tokens() + " used, this request may need " + demand.tokens() + ".",
                    untilFits(standing, Standing.Second::tokens,
                            standing.tokens() + demand.tokens() - tokens.getAsLong())));
        }
        OptionalLong parallel = limits.maxParallelRequests();
        if (parallel.isPresent() && standing.parallel() + 1 > parallel.getAsLong()) {
            return Optional.of(new Refusal(Kind.RATE, "Limit of " + parallel.getAsLong()
                    + " requests at once reached.", Duration.ofSeconds(1)));
        }
        return limits.budget().filter(budget -> budget.amountMicros() - standing.spentMicros()
                - standing.heldMicros() < demand.micros()).map(budget -> new Refusal(Kind.QUOTA,
                "Budget of " + budget.amountMicros() + " micros (" + budget.period().word() + "): "
                        + standing.spentMicros() + " spent, " + standing.heldMicros()
                        + " held by running requests, this request may cost " + demand.micros() + ".",
                untilBudget(standing, demand, budget)));
    }

    /** What running requests hold may be free any moment; what is spent comes back with the next period. */
    private static Duration untilBudget(Standing standing, Demand demand, Limits.Budget budget) {
        if (standing.spentMicros() + demand.micros() <= budget.amountMicros()) return Duration.ofSeconds(1);
        ZonedDateTime now = Instant.ofEpochSecond(standing.second()).atZone(ZoneOffset.UTC);
        ZonedDateTime today = now.truncatedTo(ChronoUnit.DAYS);
        return Duration.between(now, switch (budget.period()) {
            case DAY -> today.plusDays(1);
            case MONTH -> today.withDayOfMonth(1).plusMonths(1);
            case TOTAL -> now.plusDays(1); // somebody has to raise it
        });
    }

    /** Until enough of the last minute's seconds have left the window; a minute if that is never enough. */
    private static Duration untilFits(Standing standing, ToLongFunction<Standing.Second> count, long excess) {
        long gone = 0;
        for (Standing.Second second : standing.minute()) {
            gone += count.applyAsLong(second);
            if (gone >= excess)
                return Duration.ofSeconds(Math.max(1, second.at() + AdmissionDao.WINDOW - standing.second()));
        }
        return Duration.ofSeconds(AdmissionDao.WINDOW);
    }

    private static RateLimits rateLimits(Standing standing) {
        return new RateLimits(window(standing.limits().requestsPerMinute(), standing.requests(), standing),
                window(standing.limits().tokensPerMinute(), standing.tokens(), standing), standing.alerts()
                ? standing.limits().budget().map(budget -> budget.percent(standing.spentMicros())) : Optional.empty());
    }

    private static Optional<RateLimits.Window> window(OptionalLong limit, long used, Standing standing) {
        if (limit.isEmpty()) return Optional.empty();
        Duration reset = used == 0 ? Duration.ZERO : Duration.ofSeconds(AdmissionDao.WINDOW);
        return Optional.of(new RateLimits.Window(limit.getAsLong(), Math.max(0, limit.getAsLong() - used), reset));
    }
}
