package graft.registry.knowledge;

import java.util.Collection;
import org.jdbi.v3.core.argument.Argument;

/** Binds Java collections as Postgres arrays. */
public final class SqlArray {
    private SqlArray() {}

    public static Argument bigints(Collection<Long> values) {
        return of("bigint", values);
    }

    public static Argument texts(Collection<String> values) {
        return of("text", values);
    }

    private static Argument of(String type, Collection<?> values) {
        return (position, statement, context) -> statement.setArray(position,
                context.getConnection().createArrayOf(type, values.toArray()));
    }
}
