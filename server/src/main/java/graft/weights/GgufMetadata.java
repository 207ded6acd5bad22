package graft.weights;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The key-value pairs of a GGUF file, taken out by type. Values are Long, Double, Boolean, String, or arrays of them
 * ({@code long[]}, {@code double[]}, {@code List<String>}). Immutable.
 */
final class GgufMetadata {
    private final String file;
    private final Map<String, Object> values;

    GgufMetadata(String file, Map<String, Object> values) {
        this.file = file;
        this.values = values;
    }

    String file() {
        return file;
    }

    Set<String> keys() {
        return values.keySet();
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    Optional<String> string(String key) {
        return typed(key, String.class, "a string");
    }

    Optional<Boolean> flag(String key) {
        return typed(key, Boolean.class, "a boolean");
    }

    Optional<Integer> integer(String key) {
        return typed(key, Long.class, "an integer").map(number -> {
            if (number != number.intValue()) throw wrong(key, "an integer of 32 bits");
            return number.intValue();
        });
    }

    Optional<Double> number(String key) {
        return typed(key, Number.class, "a number").map(Number::doubleValue);
    }

    @SuppressWarnings("unchecked")  // an array of strings is the only list that the header makes
    Optional<List<String>> strings(String key) {
        return typed(key, List.class, "an array of strings").map(list -> (List<String>) list);
    }

    Optional<long[]> integers(String key) {
        return typed(key, long[].class, "an array of integers");
    }

    Optional<double[]> numbers(String key) {
        return typed(key, double[].class, "an array of numbers");
    }

    InvalidTensorFileException missing(String key) {
        return new InvalidTensorFileException(file, key, "is missing");
    }

    InvalidTensorFileException refused(String key, String why) {
        return new InvalidTensorFileException(file, key + "=" + shown(values.get(key)), why);
    }

    private InvalidTensorFileException wrong(String key, String wanted) {
        return new InvalidTensorFileException(file, key, "must be " + wanted + ", it is " + shown(values.get(key)));
    }

    private static String shown(Object value) {
        return switch (value) {
            case List<?> strings -> "an array of " + strings.size() + " strings";
            case long[] numbers -> numbers.length > 8 ? "an array of " + numbers.length + " integers"
                    : Arrays.toString(numbers);
            case double[] numbers -> "an array of " + numbers.length + " numbers";
            case null -> "absent";
            default -> InvalidTensorFileException.printable(value.toString());
        };
    }

    private <T> Optional<T> typed(String key, Class<T> type, String wanted) {
        Object value = values.get(key);
        if (value == null) return Optional.empty();
        if (!type.isInstance(value)) throw wrong(key, wanted);
        return Optional.of(type.cast(value));
    }
}
