package graft.knowledge;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import graft.registry.knowledge.AttributeFilter;
import graft.registry.knowledge.AttributeFilter.Operator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads OpenAI's comparison and compound filters from JSON. */
public final class Filters {
    private static final Set<String> COMPARISONS = Set.of("eq", "ne", "gt", "gte", "lt", "lte");
    private final int mostParts;
    private final JsonFactory json = JsonFactory.builder().streamReadConstraints(
            StreamReadConstraints.builder().maxNestingDepth(32).maxNumberLength(40).maxStringLength(4096).build())
            .build();

    /** @param mostParts comparisons, compounds and listed values of a filter: {@code knowledge.max-filter-parts} */
    public Filters(int mostParts) {
        this.mostParts = mostParts;
    }

    /** The filter is not one: the message says what is wrong and may be shown to the client. */
    public static final class InvalidFilterException extends RuntimeException {
        private static final long serialVersionUID = 1;

        InvalidFilterException(String message) {
            super(message, null, false, false);
        }
    }

    /** @throws InvalidFilterException for anything but a filter */
    public AttributeFilter parse(String text) {
        try (JsonParser parser = json.createParser(text)) {
            Reader reader = new Reader(parser, mostParts);
            AttributeFilter filter = reader.filter(parser.nextToken());
            if (parser.nextToken() != null) throw new InvalidFilterException("Text follows the filter.");
            return filter;
        } catch (IOException e) {
            throw new InvalidFilterException("The filter is not valid JSON.");
        }
    }

    /** The fields of one object, in whatever order they come. */
    private static final class Reader {
        private final JsonParser parser;
        private int partsLeft;

        Reader(JsonParser parser, int mostParts) {
            this.parser = parser;
            this.partsLeft = mostParts;
        }

        AttributeFilter filter(JsonToken token) throws IOException {
            if (token != JsonToken.START_OBJECT) throw new InvalidFilterException("A filter must be an object.");
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
                    default -> throw new InvalidFilterException("A filter has no field '" + field + "'.");
                }
            }
            return assemble(type, key, values, list, parts);
        }

        private static AttributeFilter assemble(String type, String key, List<String> values, boolean list,
                List<AttributeFilter> parts) {
            if (type.equals("and") || type.equals("or")) {
                if (parts == null || parts.isEmpty()) {
                    throw new InvalidFilterException("A filter of the type '" + type + "' needs 'filters'.");
                }
                return new AttributeFilter.Compound(type.equals("and"), parts);
            }
            boolean isIn = type.equals("in") || type.equals("nin");
            if (!isIn && !COMPARISONS.contains(type)) {
                throw new InvalidFilterException("The type of a filter must be eq, ne, gt, gte, lt, lte, in, nin, and"
                        + " or or.");
            }
            if (key.isEmpty()) throw new InvalidFilterException("A comparison needs a 'key'.");
            if (isIn != list || !isIn && values.isEmpty()) {
                throw new InvalidFilterException("The 'value' of '" + type + "' must be "
                        + (isIn ? "an array." : "a string, number or boolean."));
            }
            return isIn ? new AttributeFilter.In(key, values, type.equals("nin"))
                    : new AttributeFilter.Compare(Operator.valueOf(type.toUpperCase(Locale.ROOT)), key,
                            values.getFirst());
        }

        private List<AttributeFilter> filters(JsonToken token) throws IOException {
            if (token != JsonToken.START_ARRAY) throw new InvalidFilterException("'filters' must be an array.");
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
            if (--partsLeft < 0) throw new InvalidFilterException("The filter has too many parts.");
        }

        private String string(String field, JsonToken token) throws IOException {
            if (token != JsonToken.VALUE_STRING) throw new InvalidFilterException("'" + field + "' must be a string.");
            return clean(parser.getText());
        }

        /** A value as JSON text. */
        private String scalar(JsonToken token) throws IOException {
            return switch (token) {
                case VALUE_STRING -> '"' + new String(JsonStringEncoder.getInstance().quoteAsString(
                        clean(parser.getText()))) + '"';
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_TRUE, VALUE_FALSE -> parser.getText();
                default -> throw new InvalidFilterException("A value must be a string, number or boolean.");
            };
        }

        /** No attribute can hold U+0000, because Postgres has none in text. */
        private static String clean(String text) {
            if (text.indexOf('\0') >= 0) throw new InvalidFilterException("A filter may not hold U+0000.");
            return text;
        }
    }
}
