package graft.registry.tenant;

import graft.registry.Columns;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
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

    /**
     * What may be spent in a period. At the amount requests are refused; at the alert they go on, and the audit log
     * and a header of each reply say so.
     *
     * @param amountMicros most to be spent, in millionths of the price book's currency
     * @param alertPercent of the amount; none: no alert
     */
    public record Budget(long amountMicros, Period period, OptionalInt alertPercent) {
        public Budget {
            if (amountMicros < 0) throw new IllegalArgumentException("budget " + amountMicros);
            Objects.requireNonNull(period);
            if (alertPercent.isPresent() && (alertPercent.getAsInt() < 1 || alertPercent.getAsInt() > 100))
                throw new IllegalArgumentException("alertPercent " + alertPercent.getAsInt());
        }

        public Budget(long amountMicros, Period period) {
            this(amountMicros, period, OptionalInt.empty());
        }

        /** Whole percent of the amount, 100 of an amount of nothing. */
        public long percent(long spentMicros) {
            return amountMicros == 0 ? 100 : Math.floorDiv(Math.multiplyExact(spentMicros, 100L), amountMicros);
        }

        public boolean alerts(long spentMicros) {
            return alertPercent.isPresent() && percent(spentMicros) >= alertPercent.getAsInt();
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

    private static OptionalInt percent(OptionalLong value) {
        return value.isPresent() ? OptionalInt.of((int) value.getAsLong()) : OptionalInt.empty();
    }

    /** From a row of tenant_limits, or from one of nulls. */
    public static Limits from(ResultSet row) throws SQLException {
        OptionalLong amount = Columns.optionalLong(row, "budget_micros");
        Optional<Budget> budget = amount.isEmpty() ? Optional.empty() : Optional.of(
                new Budget(amount.getAsLong(), Period.of(row.getString("budget_period")).orElseThrow(),
                        percent(Columns.optionalLong(row, "budget_alert_percent"))));
        return new Limits(Columns.optionalLong(row, "requests_per_minute"),
                Columns.optionalLong(row, "tokens_per_minute"), Columns.optionalLong(row, "max_parallel_requests"),
                Columns.optionalLong(row, "storage_bytes"), Columns.optionalLong(row, "max_adapters"), budget);
    }
}
