package graft.knowledge;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import graft.registry.knowledge.AttributeFilter;
import java.io.IOException;

/** Reads OpenAI's comparison and compound filters from JSON. */
public final class Filters {
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
            FilterReader reader = new FilterReader(parser, mostParts);
            AttributeFilter filter = reader.filter(parser.nextToken());
            if (parser.nextToken() != null) throw new InvalidFilterException("Text follows the filter.");
            return filter;
        } catch (IOException e) {
            throw new InvalidFilterException("The filter is not valid JSON.");
        }
    }
}
