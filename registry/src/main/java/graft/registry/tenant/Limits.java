package graft.registry.tenant;

import graft.registry.Columns;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/** What a tenant may use; an empty limit is none. */
public record Limits(OptionalLong requestsPerMinute, OptionalLong tokensPerMinute, OptionalLong maxParallelRequests,
        OptionalLong storageBytes, OptionalLong maxAdapters, Optional<Budget> budget) {
    public static final Limits NONE = new Limits(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(),
            OptionalLong.empty(), OptionalLong.empty(), Optional.empty());

    public Limits {
        for (OptionalLong limit : new OptionalLong[] {requestsPerMinute, tokensPerMinute, maxParallelRequests,
                storageBytes, maxAdapters}) {
            if (limit.isPresent() && limit.getAsLong() < 0)
                throw new IllegalArgumentException("limit " + limit.getAsLong());
        }
        Objects.requireNonNull(budget);
    }

    /** True if no limit concerns a single inference request. */
    public boolean admitEverything() {
        return requestsPerMinute.isEmpty() && tokensPerMinute.isEmpty() && maxParallelRequests.isEmpty()
                && budget.isEmpty();
    }

    /** @param amountMicros most to be spent in the period, in millionths of the price book's currency */
    public record Budget(long amountMicros, Period period) {
        public Budget {
            if (amountMicros < 0) throw new IllegalArgumentException("budget " + amountMicros);
            Objects.requireNonNull(period);
        }
    }

    /** Calendar days and months in UTC, or the tenant's whole life. */
    public enum Period {
        DAY, MONTH, TOTAL;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static Optional<Period> of(String word) {
            for (Period period : values()) if (period.word().equals(word)) return Optional.of(period);
            return Optional.empty();
        }
    }

    static Limits from(ResultSet row) throws SQLException {
        OptionalLong amount = Columns.optionalLong(row, "budget_micros");
        Optional<Budget> budget = amount.isEmpty() ? Optional.empty() : Optional.of(
                new Budget(amount.getAsLong(), Period.of(row.getString("budget_period")).orElseThrow()));
        return new Limits(Columns.optionalLong(row, "requests_per_minute"),
                Columns.optionalLong(row, "tokens_per_minute"), Columns.optionalLong(row, "max_parallel_requests"),
                Columns.optionalLong(row, "storage_bytes"), Columns.optionalLong(row, "max_adapters"), budget);
    }
}
