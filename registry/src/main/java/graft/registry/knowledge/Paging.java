package graft.registry.knowledge;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Query;

/**
 * Which part of a list: OpenAI's cursors over rows ordered by time of creation and id. Lists come back with one row
 * more than the limit where there are more.
 *
 * @param limit      rows wanted
 * @param descending newest first
 * @param after      id of the row before the page
 * @param before     id of the row after the page; wins over after
 */
public record Paging(int limit, boolean descending, Optional<String> after, Optional<String> before) {
    public Paging {
        if (limit < 1) throw new IllegalArgumentException("limit " + limit);
    }

    /**
     * The end of a query: the cursor's condition, the order and the limit.
     *
     * @param key    the ordered columns, {@code created_at, id}
     * @param cursor a sub-select of the same columns for the row whose id is {@code :cursor}
     */
    String sql(String key, String cursor) {
        boolean downwards = descending != before.isPresent();
        String condition = after.isPresent() || before.isPresent()
                ? " AND (" + key + ") " + (downwards ? "<" : ">") + " (" + cursor + ")" : "";
        String order = key.replace(",", downwards ? " DESC," : " ASC,") + (downwards ? " DESC" : " ASC");
        return condition + " ORDER BY " + order + " LIMIT " + (limit + 1);
    }

    /** Runs a query that ends with {@link #sql} and puts its rows into the list's own order. */
    <T> List<T> fetch(Query query, RowMapper<T> mapper) {
        before.or(() -> after).ifPresent(cursor -> query.bind("cursor", cursor));
        List<T> rows = new ArrayList<>(query.map(mapper).list());
        if (before.isPresent()) {
            boolean more = rows.size() > limit;
            T extra = more ? rows.removeLast() : null;
            Collections.reverse(rows);
            if (more) rows.addLast(extra); // the surplus row only says that there are more: readers drop the last
        }
        return rows;
    }
}
