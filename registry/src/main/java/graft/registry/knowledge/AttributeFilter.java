package graft.registry.knowledge;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A condition on a document's attributes, as OpenAI's search takes it. A document without the attribute equals nothing:
 * {@code ne} and {@code nin} hold for it, the others do not. Order is asked of numbers among numbers and of strings
 * among strings; across types it never holds.
 */
public sealed interface AttributeFilter {
    /** @param operator of eq ne gt gte lt lte; @param json the value as JSON text: a string, number or boolean */
    record Compare(Operator operator, String key, String json) implements AttributeFilter {
        public Compare {
            Objects.requireNonNull(operator);
        }
    }

    /** @param json the values as JSON texts; @param negated for {@code nin} */
    record In(String key, List<String> json, boolean negated) implements AttributeFilter {
        public In {
            json = List.copyOf(json);
        }
    }

    /** @param all {@code and}, otherwise {@code or} */
    record Compound(boolean all, List<AttributeFilter> parts) implements AttributeFilter {
        public Compound {
            parts = List.copyOf(parts);
        }
    }

    /** Comparisons and how SQL writes them. */
    enum Operator {
        EQ("="), NE("<>"), GT(">"), GTE(">="), LT("<"), LTE("<=");

        private final String sql;

        Operator(String sql) {
            this.sql = sql;
        }
    }

    /**
     * A condition over {@code d.attributes}; values and keys become bound parameters.
     *
     * @param bindings receives name and value of each
     */
    default String sql(Map<String, Object> bindings) {
        return switch (this) {
            case Compare compare -> {
                String attribute = "d.attributes -> " + bind(bindings, compare.key());
                String value = bind(bindings, compare.json()) + "::jsonb";
                yield switch (compare.operator()) {
                    case EQ -> "coalesce(" + attribute + " = " + value + ", false)";
                    case NE -> "coalesce(" + attribute + " <> " + value + ", true)";
                    case GT, GTE, LT, LTE -> "coalesce(jsonb_typeof(" + attribute + ") = jsonb_typeof(" + value
                            + ") AND " + attribute + " " + compare.operator().sql + " " + value + ", false)";
                };
            }
            case In in -> {
                String attribute = "d.attributes -> " + bind(bindings, in.key());
                String values = bind(bindings, "[" + String.join(",", in.json()) + "]") + "::jsonb";
                String found = "coalesce(" + attribute + " IN (SELECT jsonb_array_elements(" + values + ")), false)";
                yield in.negated() ? "NOT " + found : found;
            }
            case Compound compound -> compound.parts().stream().map(part -> "(" + part.sql(bindings) + ")")
                    .reduce((left, right) -> left + (compound.all() ? " AND " : " OR ") + right)
                    .orElse(compound.all() ? "true" : "false");
        };
    }

    private static String bind(Map<String, Object> bindings, String value) {
        String name = "filter" + bindings.size();
        bindings.put(name, value);
        return ":" + name;
    }
}
