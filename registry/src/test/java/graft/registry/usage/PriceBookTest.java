package graft.registry.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PriceBookTest {
    private static PriceBook.Item item(Component component, String base, String adapter, long price) {
        return new PriceBook.Item(component, base, adapter, price);
    }

    @Test
    void aLineIsRoundedHalfUpToWholeMicros() {
        assertEquals(0, PriceBook.cost(0, 600_000));
        assertEquals(1, PriceBook.cost(1, 600_000));
        assertEquals(0, PriceBook.cost(1, 499_999));
        assertEquals(1, PriceBook.cost(1, 500_000));
        assertEquals(2, PriceBook.cost(3, 500_000));
        assertEquals(600_000, PriceBook.cost(1_000_000, 600_000));
        assertThrows(ArithmeticException.class, () -> PriceBook.cost(Long.MAX_VALUE, Long.MAX_VALUE));
    }

    @Test
    void costsEqualExactArithmeticAndNeverFallWithQuantity() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            long quantity = random.nextLong(1L << random.nextInt(1, 40));
            long price = random.nextLong(1L << random.nextInt(1, 40));
            long exact = BigDecimal.valueOf(quantity).multiply(BigDecimal.valueOf(price))
                    .divide(BigDecimal.valueOf(1_000_000)).setScale(0, RoundingMode.HALF_UP).longValueExact();
            assertEquals(exact, PriceBook.cost(quantity, price), "seed " + seed);
            assertTrue(PriceBook.cost(quantity + 1, price) >= exact, "seed " + seed);
        }
    }

    @Test
    void aRequestCostsTheSumOfItsLinesEachOffByHalfAMicroAtMost() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 5_000; i++) {
            List<PriceBook.Item> items = List.of(item(Component.PREFILL, "", "", random.nextLong(3_000_000)),
                    item(Component.CACHED_PREFILL, "", "", random.nextLong(3_000_000)),
                    item(Component.DECODE, "", "", random.nextLong(3_000_000)),
                    item(Component.RETRIEVE, "", "", random.nextLong(300_000_000)));
            PriceBook book = new PriceBook(1, "USD", items);
            Counters counters = new Counters(random.nextInt(9000), random.nextInt(9000), random.nextInt(9000),
                    random.nextInt(900), random.nextInt(3));
            BigDecimal exact = BigDecimal.ZERO;
            long[] quantities = {counters.prefill(), counters.cachedPrefill(), counters.decode(), counters.retrieve()};
            for (int line = 0; line < 4; line++)
                exact = exact.add(BigDecimal.valueOf(quantities[line])
                        .multiply(BigDecimal.valueOf(items.get(line).microsPerMillion())).movePointLeft(6));
            BigDecimal off = exact.subtract(BigDecimal.valueOf(counters.cost(book, "b", ""))).abs();
            assertTrue(off.compareTo(new BigDecimal("2.0")) <= 0, "off by " + off + ", seed " + seed);
        }
    }

    @Test
    void theMostExactPriceCounts() {
        PriceBook book = new PriceBook(1, "USD", List.of(item(Component.DECODE, "", "", 1),
                item(Component.DECODE, "base", "", 2), item(Component.DECODE, "", "mine", 3),
                item(Component.DECODE, "base", "mine", 4)));
        assertEquals(1, book.microsPerMillion(Component.DECODE, "other", ""));
        assertEquals(2, book.microsPerMillion(Component.DECODE, "base", "any"));
        assertEquals(3, book.microsPerMillion(Component.DECODE, "other", "mine"));
        assertEquals(4, book.microsPerMillion(Component.DECODE, "base", "mine"));
        assertEquals(0, book.microsPerMillion(Component.PREFILL, "base", "mine"));
    }

    @Test
    void twoPricesForTheSameThingAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new PriceBook(1, "USD",
                List.of(item(Component.DECODE, "b", "", 1), item(Component.DECODE, "b", "", 2))));
    }
}
