package graft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.function.Function;

/**
 * One page of a list in OpenAI's shape. first_id and last_id are there so that official clients can page.
 *
 * @param hasMore whether a next page exists; ask with {@code after=last_id}
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
record Page<T>(String object, List<T> data, String firstId, String lastId, boolean hasMore) {
    /** @param found up to limit + 1 rows, so that the extra one tells whether there are more */
    static <T> Page<T> of(List<T> found, int limit, Function<T, String> id) {
        List<T> data = found.size() > limit ? List.copyOf(found.subList(0, limit)) : List.copyOf(found);
        return new Page<>("list", data, data.isEmpty() ? null : id.apply(data.getFirst()),
                data.isEmpty() ? null : id.apply(data.getLast()), found.size() > limit);
    }
}
