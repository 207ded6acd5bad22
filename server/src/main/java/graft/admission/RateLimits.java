package graft.admission;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where a tenant stands against its limits a minute, in the words of OpenAI's x-ratelimit headers.
 *
 * @param requests none if requests are not limited
 * @param tokens   none if tokens are not limited
 * @param budget   whole percent of the budget that are spent, once that has passed its alert
 */
public record RateLimits(Optional<Window> requests, Optional<Window> tokens, Optional<Long> budget) {
    public static final RateLimits NONE = new RateLimits(Optional.empty(), Optional.empty(), Optional.empty());

    /** @param reset until all of the limit is free again if nothing more is asked */
    public record Window(long limit, long remaining, Duration reset) {}

    /** Header names and values, in lower case; empty without limits. */
    public Map<String, String> headers() {
        Map<String, String> headers = new LinkedHashMap<>();
        requests.ifPresent(window -> put(headers, "requests", window));
        tokens.ifPresent(window -> put(headers, "tokens", window));
        budget.ifPresent(percent -> headers.put("x-graft-budget-spent-percent", Long.toString(percent)));
        return headers;
    }

    private static void put(Map<String, String> headers, String what, Window window) {
        headers.put("x-ratelimit-limit-" + what, Long.toString(window.limit()));
        headers.put("x-ratelimit-remaining-" + what, Long.toString(Math.max(0, window.remaining())));
        headers.put("x-ratelimit-reset-" + what, window.reset().toMillis() + "ms");
    }
}
