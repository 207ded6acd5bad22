package graft.registry.knowledge.whole;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.knowledge.AttributeFilter;
import graft.registry.knowledge.SearchDao.FoundChunk;
import graft.registry.knowledge.SearchDao.SearchedStore;
import graft.registry.knowledge.SqlArray;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.argument.Argument;

/**
 * All of what stores hold, in an order that does not change while they don't. Each method is one statement and so sees
 * one state: a document that was deleted before the call is in none of it. Any thread may call.
 */
public final class WholeStoreDao {
    private final Database database;

    public WholeStoreDao(Database database) {
        this.database = database;
    }

    /** Characters of the visible texts, in code points. */
    public long codePoints(String tenantId, List<SearchedStore> stores) {
        return database.asTenant(tenantId, handle -> handle.createQuery("""
                SELECT coalesce(sum(r.code_points), 0) FROM document d
                    JOIN document_revision r ON r.number = d.visible_revision WHERE d.store = ANY(:stores)""")
                .bind("stores", numbers(stores)).mapTo(Long.class).one());
    }

    /** The visible chunks by store, document and place. */
    public List<FoundChunk> chunks(String tenantId, List<SearchedStore> stores, Optional<AttributeFilter> filter) {
        Map<String, Object> bindings = new HashMap<>();
        String sql = """
                SELECT c.number, r.id || '-' || c.ordinal AS id, s.id AS store_id, f.id AS file_id, f.filename,
                    r.id AS revision, c.start_at, c.end_at, c.body, d.attributes::text AS attributes, c.page
                FROM document d JOIN document_revision r ON r.number = d.visible_revision
                    JOIN chunk c ON c.revision = r.number JOIN vector_store s ON s.number = d.store
                    JOIN file f ON f.id = d.file_id
                WHERE d.store = ANY(:stores)%s ORDER BY d.store, d.number, c.ordinal"""
                .formatted(filter.map(one -> " AND " + one.sql(bindings)).orElse(""));
        return database.asTenant(tenantId, handle -> handle.createQuery(sql).bindMap(bindings)
                .bind("stores", numbers(stores))
                .map((rows, context) -> new FoundChunk(rows.getLong("number"), rows.getString("id"),
                        rows.getString("store_id"), rows.getString("file_id"), rows.getString("filename"),
                        rows.getString("revision"), rows.getInt("start_at"), rows.getInt("end_at"),
                        rows.getString("body"), rows.getString("attributes"),
                        Columns.optionalInt(rows, "page"))).list());
    }

    /** Those of these revisions that searches see now: no others may be cited. */
    public Set<String> standing(String tenantId, Collection<String> revisions) {
        return database.asTenant(tenantId, handle -> new HashSet<>(handle.createQuery("""
                SELECT r.id FROM document_revision r JOIN document d ON d.visible_revision = r.number
                WHERE r.id = ANY(:ids)""").bind("ids", SqlArray.texts(revisions)).mapTo(String.class).list()));
    }

    /** Code points from start to end of a revision's text. */
    public record Slice(String revision, int start, int end) {}

    /** The text of each, in order; empty where its revision is not the visible one any more. */
    public List<Optional<String>> slices(String tenantId, List<Slice> slices) {
        return database.asTenant(tenantId, handle -> slices.stream().map(slice -> handle.createQuery("""
                SELECT substr(r.body, :start + 1, :length) FROM document_revision r
                    JOIN document d ON d.visible_revision = r.number WHERE r.id = :revision""")
                .bind("start", slice.start()).bind("length", slice.end() - slice.start())
                .bind("revision", slice.revision()).mapTo(String.class).findOne()).toList());
    }

    private static Argument numbers(List<SearchedStore> stores) {
        return SqlArray.bigints(stores.stream().map(SearchedStore::number).toList());
    }
}
