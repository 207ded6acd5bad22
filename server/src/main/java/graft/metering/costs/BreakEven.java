package graft.metering.costs;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;

/**
 * When a fine-tuned adapter that needs no passages pays for itself: at q* answers a month its one-off and monthly costs
 * equal what the passages would have cost. All amounts are micros of one currency; figures of one answer are exact.
 *
 * @param contextTokens    of an answer's prompt that the adapter makes unnecessary
 * @param microsPerMillion price of a million prompt tokens
 * @param retrievalMicros  of an answer's search, which goes too
 * @param adapterMicros    that an answer of the adapter costs more
 * @param queriesPerMonth  answers
 * @param fixed            what the adapter costs, whatever is asked of it
 */
public record BreakEven(BigDecimal contextTokens, BigDecimal microsPerMillion, BigDecimal retrievalMicros,
        BigDecimal adapterMicros, long queriesPerMonth, Fixed fixed) {
    /** As it stands in answers, with the names of the inputs. */
    public static final String FORMULA = "(training_micros + data_preparation_micros + evaluation_micros + "
            + "retrainings_per_month * training_micros) / (context_tokens * price_micros_per_million / 1000000 + "
            + "retrieval_micros_per_query - adapter_micros_per_query)";
    private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);

    /** @param retrainings a month, each as dear as the first training */
    public record Fixed(long training, long dataPreparation, long evaluation, BigDecimal retrainings) {
        BigDecimal sum() {
            return BigDecimal.valueOf(training).multiply(retrainings.add(BigDecimal.ONE))
                    .add(BigDecimal.valueOf(dataPreparation)).add(BigDecimal.valueOf(evaluation));
        }
    }

    /** Micros of an answer's passages. */
    public BigDecimal contextMicros() {
        return contextTokens.multiply(microsPerMillion).divide(MILLION);
    }

    /** Micros a month of all passages. */
    public BigDecimal monthlyContextMicros() {
        return contextMicros().multiply(BigDecimal.valueOf(queriesPerMonth));
    }

    /** Micros that an answer of the adapter saves; may be negative. */
    public BigDecimal savedMicros() {
        return contextMicros().add(retrievalMicros).subtract(adapterMicros);
    }

    public BigDecimal fixedMicros() {
        return fixed.sum();
    }

    /** Answers a month from which on the adapter is cheaper; none if an answer of it saves nothing. */
    public Optional<BigDecimal> queries() {
        if (savedMicros().signum() <= 0) return Optional.empty();
        return Optional.of(fixedMicros().divide(savedMicros(), 0, RoundingMode.CEILING));
    }

    public boolean paysOff() {
        return queries().filter(least -> BigDecimal.valueOf(queriesPerMonth).compareTo(least) >= 0).isPresent();
    }
}
