package graft.api;

import graft.registry.usage.Component;
import graft.registry.usage.UsageQuery;
import graft.registry.usage.UsageQuery.GroupBy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The page of time buckets that a usage request asks for: {@code start_time}, {@code end_time} (seconds since 1970, the
 * end exclusive), {@code bucket_width}, {@code limit} and {@code page}. Buckets begin at whole minutes, hours or days
 * in UTC; without a start, the last {@code limit} buckets are meant.
 *
 * @param start first second that counts
 * @param end   first second that counts no more, of this page
 */
record UsageWindow(long start, long end, Duration width, Optional<String> nextPage) {
    private static final Map<String, Width> WIDTHS = Map.of("1m", new Width(Duration.ofMinutes(1), 60, 1440),
            "1h", new Width(Duration.ofHours(1), 24, 168), "1d", new Width(Duration.ofDays(1), 7, 180));
    private static final Map<String, GroupBy> GROUPS = Map.of("project_id", GroupBy.TENANT, "api_key_id", GroupBy.KEY,
            "model", GroupBy.MODEL, "line_item", GroupBy.COMPONENT);
    /** Groups of OpenAI's in which everything of ours is one. */
    private static final Set<String> SINGLE_GROUPS = Set.of("user_id", "batch", "service_tier", "vector_store_id",
            "api_source", "size", "source", "context_level");
    private static final long LAST_SECOND = 253_402_300_799L;

    private record Width(Duration duration, int usualLimit, int largestLimit) {}

    /** @throws ApiException 400 that names the parameter */
    static UsageWindow of(Exchange exchange) {
        String word = exchange.query("bucket_width").orElse("1d");
        Width width = WIDTHS.get(word);
        if (width == null) throw ApiException.invalid("bucket_width", "'bucket_width' must be '1m', '1h' or '1d'.");
        int limit = exchange.queryInt("limit", width.usualLimit(), 1, width.largestLimit());
        long seconds = width.duration().toSeconds();
        long end = seconds(exchange, "end_time").orElse(Instant.now().getEpochSecond() + 1);
        long start = seconds(exchange, "start_time")
                .orElse(Math.max(0, Math.floorDiv(end - 1, seconds) - limit + 1) * seconds);
        if (end <= start) throw ApiException.invalid("end_time", "'end_time' must be after 'start_time'.");
        long from = exchange.query("page").map(page -> page(page, start, end, seconds)).orElse(start);
        long pageEnd = Math.min(end, (Math.floorDiv(from, seconds) + limit) * seconds);
        return new UsageWindow(from, pageEnd, width.duration(),
                pageEnd < end ? Optional.of("page_" + pageEnd) : Optional.empty());
    }

    static Optional<Long> seconds(Exchange exchange, String name) {
        return exchange.query(name).map(text -> number(name, text));
    }

    private static long number(String name, String text) {
        try {
            long value = Long.parseLong(text);
            if (value >= 0 && value <= LAST_SECOND) return value;
        } catch (NumberFormatException e) {
            // falls through to the same refusal
        }
        throw ApiException.invalid(name, "'" + name + "' must be seconds since 1970.");
    }

    private static long page(String page, long start, long end, long width) {
        if (page.startsWith("page_")) {
            long from = number("page", page.substring(5));
            if (from > start && from < end && from % width == 0) return from;
        }
        throw ApiException.invalid("page", "'page' must be the next_page of the reply before.");
    }

    /** When each bucket of the page begins. */
    List<Long> starts() {
        List<Long> starts = new ArrayList<>();
        long seconds = width.toSeconds();
        for (long at = Math.floorDiv(start, seconds) * seconds; at < end; at += seconds) starts.add(at);
        return starts;
    }

    /** @param operations empty for all */
    UsageQuery query(Exchange exchange, Set<Component> components, List<String> operations) {
        Set<GroupBy> groups = EnumSet.noneOf(GroupBy.class);
        for (String name : exchange.queryAll("group_by")) {
            if (GROUPS.containsKey(name)) groups.add(GROUPS.get(name));
            else if (!SINGLE_GROUPS.contains(name))
                throw ApiException.invalid("group_by", "Can't group by '" + name + "'.");
        }
        return new UsageQuery(Instant.ofEpochSecond(start), Instant.ofEpochSecond(end), width, components, operations,
                exchange.queryAll("project_ids"), exchange.queryAll("api_key_ids"), exchange.queryAll("models"),
                groups);
    }
}
