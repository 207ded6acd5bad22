package graft.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.weights.TensorFile.ElementType;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ValuesTest {
    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void theFirstValueThatIsNotFiniteIsFoundWhereverItStands(ElementType type) {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        for (int length = 1; length < 40; length++) {
            int[] bits = finite(type, random, length);
            assertTrue(values(type, bits).firstNotFinite().isEmpty(), type + " " + length);
            int second = random.nextInt(length);
            int first = random.nextInt(second + 1);
            bits[second] = exponent(type);
            bits[first] = exponent(type) | random.nextInt(2) << sign(type) | random.nextInt(2);
            assertEquals(first, values(type, bits).firstNotFinite().orElseThrow(), type + " " + length);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void zeroesOfEitherSignAreZeroAndTheSmallestValueIsNot(ElementType type) {
        Random random = new Random(3);
        for (int length = 1; length < 40; length++) {
            int[] bits = new int[length];
            for (int i = 0; i < length; i++) bits[i] = random.nextInt(2) << sign(type);
            assertTrue(values(type, bits).allZero(), type + " " + length);
            bits[random.nextInt(length)] |= 1;
            assertFalse(values(type, bits).allZero(), type + " " + length);
        }
    }

    @Test
    void computedValuesAreWhatTheyWere() {
        Values values = Values.of(new float[] {1, -2.5f, 0});
        assertEquals(3, values.length());
        assertEquals(-2.5f, values.floats()[1]);
    }

    /** Any bits but those of an exponent of ones; the largest finite numbers among them. */
    private static int[] finite(ElementType type, Random random, int length) {
        int[] bits = new int[length];
        for (int i = 0; i < length; i++) {
            do {
                bits[i] = random.nextInt(4) == 0 ? exponent(type) - 1 : random.nextInt();
                if (type != ElementType.F32) bits[i] &= 0xffff;
            } while ((bits[i] & exponent(type)) == exponent(type));
        }
        return bits;
    }

    private static int exponent(ElementType type) {
        return switch (type) {
            case F32 -> 0x7f800000;
            case F16 -> 0x7c00;
            default -> 0x7f80;
        };
    }

    private static int sign(ElementType type) {
        return type == ElementType.F32 ? 31 : 15;
    }

    private static Values values(ElementType type, int[] bits) {
        if (type == ElementType.F32) return new Values(type, MemorySegment.ofArray(bits), bits.length);
        short[] halves = new short[bits.length];
        for (int i = 0; i < bits.length; i++) halves[i] = (short) bits[i];
        return new Values(type, MemorySegment.ofArray(halves), bits.length);
    }
}
