package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import graft.registry.knowledge.AttributeFilter;
import java.util.List;
import org.junit.jupiter.api.Test;

class FiltersTest {
    private final Filters filters = new Filters(8);

    @Test
    void everyOperatorIsReadInWhateverOrderItsFieldsCome() {
        assertEquals(new AttributeFilter.Compare(AttributeFilter.Operator.GTE, "year", "2024"),
                filters.parse("{\"value\":2024,\"type\":\"gte\",\"key\":\"year\"}"));
        assertEquals(new AttributeFilter.In("kind", List.of("\"a \\\"b\\\"\"", "1.5"), true),
                filters.parse("{\"type\":\"nin\",\"key\":\"kind\",\"value\":[\"a \\\"b\\\"\",1.5]}"));
        assertEquals(new AttributeFilter.Compound(false, List.of(
                        new AttributeFilter.Compare(AttributeFilter.Operator.NE, "a", "true"),
                        new AttributeFilter.Compound(true, List.of(
                                new AttributeFilter.Compare(AttributeFilter.Operator.EQ, "b", "\"x\""))))),
                filters.parse("""
                        {"type":"or","filters":[{"type":"ne","key":"a","value":true},
                         {"type":"and","filters":[{"type":"eq","key":"b","value":"x"}]}]}"""));
    }

    @Test
    void whatIsNoFilterIsRefused() {
        for (String text : List.of("", "[]", "{}", "{\"type\":\"eq\"}", "{\"type\":\"eq\",\"key\":\"a\"}",
                "{\"type\":\"eq\",\"key\":\"a\",\"value\":[1]}", "{\"type\":\"in\",\"key\":\"a\",\"value\":1}",
                "{\"type\":\"eq\",\"key\":\"a\",\"value\":null}", "{\"type\":\"eq\",\"key\":\"a\",\"value\":{}}",
                "{\"type\":\"and\",\"filters\":[]}", "{\"type\":\"and\"}",
                "{\"type\":\"like\",\"key\":\"a\",\"value\":1}",
                "{\"type\":\"eq\",\"key\":\"a\",\"value\":1,\"more\":2}",
                "{\"type\":\"eq\",\"key\":\"a\",\"value\":1} x",
                "{\"type\":\"eq\",\"key\":\"a\\u0000\",\"value\":1}",
                "{\"type\":\"eq\",\"key\":\"a\",\"value\":1e999}",
                "{\"type\":\"in\",\"key\":\"a\",\"value\":[1",
                "{\"type\":\"in\",\"key\":\"a\",\"value\":[1,2,3,4,5,6,7,8,9]}")) {
            assertThrows(Filters.InvalidFilterException.class, () -> filters.parse(text), text);
        }
    }
}
