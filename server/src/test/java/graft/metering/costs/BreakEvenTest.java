package graft.metering.costs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BreakEvenTest {
    private static BreakEven of(long queries, BreakEven.Fixed fixed) {
        return new BreakEven(BigDecimal.valueOf(500), BigDecimal.valueOf(1_750_000), BigDecimal.ZERO, BigDecimal.ZERO,
                queries, fixed);
    }

    private static BreakEven.Fixed training(long micros) {
        return new BreakEven.Fixed(micros, 0, 0, BigDecimal.ZERO);
    }

    /** 500 context tokens at $1.75 a million. */
    @ParameterizedTest
    @CsvSource({"10000000, 8750", "50000000, 43750", "100000000, 87500"})
    void fiveHundredContextTokensCostAMonth(long queries, long dollars) {
        assertEquals(0, BigDecimal.valueOf(dollars * 1_000_000).compareTo(of(queries, training(0))
                .monthlyContextMicros()));
    }

    @Test
    void anAdapterPaysForItselfFromTheVolumeAtWhichItsCostsAreSaved() {
        // $175 of training against $0.000875 an answer: 200,000 answers
        BreakEven even = of(200_000, training(175_000_000));
        assertEquals(Optional.of(BigDecimal.valueOf(200_000)), even.queries());
        assertTrue(even.paysOff());
        assertFalse(of(199_999, training(175_000_000)).paysOff());
        BreakEven retrained = of(200_000, new BreakEven.Fixed(175_000_000, 50_000_000, 25_000_000, BigDecimal.TWO));
        assertEquals(BigDecimal.valueOf(600_000_000), retrained.fixedMicros());
    }

    @Test
    void anAdapterThatSavesNothingNeverPaysForItself() {
        BreakEven dear = new BreakEven(BigDecimal.TEN, BigDecimal.valueOf(1_000_000), BigDecimal.ZERO,
                BigDecimal.valueOf(11), 1_000_000_000, training(1));
        assertEquals(Optional.empty(), dear.queries());
        assertFalse(dear.paysOff());
    }
}
