package graft.knowledge;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import graft.registry.knowledge.AttributeFilter;
import graft.registry.knowledge.AttributeFilter.Operator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads one filter from a stream of JSON, its fields in whatever order they come. */
final class FilterReader {
    private static final Set<String> COMPARISONS = Set.of("eq", "ne", "gt", "gte", "lt", "lte");
    private final JsonParser parser;
    private int partsLeft;

    FilterReader(JsonParser parser, int mostParts) {
        this.parser = parser;
        this.partsLeft = mostParts;
    }

    AttributeFilter filter(JsonToken token) throws IOException {
        if (token != JsonToken.START_OBJECT) throw new Filters.InvalidFilterException("A filter must be an object.");
        count();
        String type = "";
        String key = "";
        List<String> values = List.of();
        boolean list = false;
        List<AttributeFilter> parts = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (field) {
                case "type" -> type = string(field, value);
                case "key" -> key = string(field, value);
                case "value" -> {
                    list = value == JsonToken.START_ARRAY;
                    values = list ? array() : List.of(scalar(value));
                }
                case "filters" -> parts = filters(value);
                default -> throw new Filters.InvalidFilterException("A filter has no field '" + field + "'.");
            }
        }
        return assemble(type, key, values, list, parts);
    }

    private static AttributeFilter assemble(String type, String key, List<String> values, boolean list,
            List<AttributeFilter> parts) {
        if (type.equals("and") || type.equals("or")) {
            if (parts == null || parts.isEmpty()) {
                throw new Filters.InvalidFilterException("A filter of the type '" + type + "' needs 'filters'.");
            }
            return new AttributeFilter.Compound(type.equals("and"), parts);
        }
        boolean isIn = type.equals("in") || type.equals("nin");
        if (!isIn && !COMPARISONS.contains(type)) {
            throw new Filters.InvalidFilterException(
                    "The type of a filter must be eq, ne, gt, gte, lt, lte, in, nin, and or or.");
        }
        if (key.isEmpty()) throw new Filters.InvalidFilterException("A comparison needs a 'key'.");
        if (isIn != list || !isIn && values.isEmpty()) {
            throw new Filters.InvalidFilterException("The 'value' of '" + type + "' must be "
                    + (isIn ? "an array." : "a string, number or boolean."));
        }
        return isIn ? new AttributeFilter.In(key, values, type.equals("nin"))
                : new AttributeFilter.Compare(Operator.valueOf(type.toUpperCase(Locale.ROOT)), key,
                        values.getFirst());
    }

    private List<AttributeFilter> filters(JsonToken token) throws IOException {
        if (token != JsonToken.START_ARRAY) throw new Filters.InvalidFilterException("'filters' must be an array.");
        List<AttributeFilter> parts = new ArrayList<>();
        for (JsonToken next = parser.nextToken(); next != JsonToken.END_ARRAY; next = parser.nextToken()) {
            parts.add(filter(next));
        }
        return parts;
    }

    private List<String> array() throws IOException {
        List<String> values = new ArrayList<>();
        for (JsonToken next = parser.nextToken(); next != JsonToken.END_ARRAY; next = parser.nextToken()) {
            count();
            values.add(scalar(next));
        }
        return values;
    }

    private void count() {
        if (--partsLeft < 0) throw new Filters.InvalidFilterException("The filter has too many parts.");
    }

    private String string(String field, JsonToken token) throws IOException {
        if (token != JsonToken.VALUE_STRING)
            throw new Filters.InvalidFilterException("'" + field + "' must be a string.");
        return clean(parser.getText());
    }

    /** A value as JSON text. */
    private String scalar(JsonToken token) throws IOException {
        return switch (token) {
            case VALUE_STRING -> '"' + new String(JsonStringEncoder.getInstance().quoteAsString(
                    clean(parser.getText()))) + '"';
            case VALUE_NUMBER_INT, VALUE_TRUE, VALUE_FALSE -> parser.getText();
            case VALUE_NUMBER_FLOAT -> finite(parser.getDoubleValue());
            default -> throw new Filters.InvalidFilterException("A value must be a string, number or boolean.");
        };
    }

    /** As attributes are kept: double precision, so that equal numbers are equal here too. */
    private static String finite(double number) {
        if (!Double.isFinite(number)) throw new Filters.InvalidFilterException("A number is out of range.");
        return Double.toString(number);
    }

    /** No attribute can hold U+0000, because Postgres has none in text. */
    private static String clean(String text) {
        if (text.indexOf('\0') >= 0) throw new Filters.InvalidFilterException("A filter may not hold U+0000.");
        return text;
    }
}
