package graft.registry.tenant;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import graft.registry.Columns;
import graft.registry.Database;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;

/**
 * Who did what to what, append-only. A change and its entry belong in one transaction: call the static
 * {@link #record(Handle, String, String, String, String, Map)} beside the change. Details hold no secrets and no prompt
 * text. Any thread may call.
 */
public final class AuditDao {
    private static final JsonFactory JSON = new JsonFactory();
    private final Database database;

    public AuditDao(Database database) {
        this.database = database;
    }

    /**
     * @param actor    the key's id, or {@code server} for what happened by itself
     * @param tenantId whom it concerns
     * @param action   {@code key.create}, {@code adapter.upload}, ...: the object's kind and a verb
     * @param object   its id
     * @param details  a JSON object
     */
    public record Entry(long id, Instant at, String actor, String tenantId, String action, String object,
            String details) {}

    /** In the transaction of the change itself, whether it runs as the tenant or as the operator. */
    public static void record(Handle handle, String actor, String tenantId, String action, String object,
            Map<String, ?> details) {
        handle.createUpdate("""
                INSERT INTO audit_log (actor, tenant_id, action, object, details)
                VALUES (:actor, :tenant, :action, :object, :details::jsonb)
                """)
                .bind("actor", actor).bind("tenant", tenantId).bind("action", action).bind("object", object)
                .bind("details", json(details)).execute();
    }

    /** In a transaction of its own, for what changes nothing in the database. */
    public void record(String actor, String tenantId, String action, String object, Map<String, ?> details) {
        database.asTenant(tenantId, handle -> {
            record(handle, actor, tenantId, action, object, details);
            return true;
        });
    }

    private static String json(Map<String, ?> details) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = JSON.createGenerator(text)) {
            write(generator, details);
        } catch (IOException | IllegalStateException e) {
            throw new IllegalArgumentException("audit details that are no JSON: " + details.keySet(), e);
        }
        return text.toString();
    }

    private static void write(JsonGenerator generator, Object value) throws IOException {
        switch (value) {
            case Map<?, ?> map -> {
                generator.writeStartObject();
                for (Map.Entry<?, ?> field : map.entrySet()) {
                    generator.writeFieldName(String.valueOf(field.getKey()));
                    write(generator, field.getValue());
                }
                generator.writeEndObject();
            }
            case Iterable<?> list -> {
                generator.writeStartArray();
                for (Object element : list) write(generator, element);
                generator.writeEndArray();
            }
            case null, default -> generator.writePOJO(value); // null, text, number or truth value, else it throws
        }
    }

    /**
     * Which entries; what is absent narrows nothing.
     *
     * @param action the beginning of an action, as {@code alias.}
     * @param object an id, or the name that ids of the form {@code name@version} begin with
     */
    public record Filter(Optional<String> tenantId, Optional<String> action, Optional<String> object) {}

    /**
     * Newest first.
     *
     * @param before only entries with a smaller id
     */
    public List<Entry> list(Filter filter, OptionalLong before, int most) {
        return database.asOperator(handle -> handle.createQuery("""
                SELECT * FROM audit_log
                WHERE (:tenant::text IS NULL OR tenant_id = :tenant) AND id < :before
                    AND (:action::text IS NULL OR starts_with(action, :action))
                    AND (:object::text IS NULL OR object = :object OR starts_with(object, :object || '@'))
                ORDER BY id DESC
                LIMIT :most
                """)
                .bind("tenant", filter.tenantId().orElse(null)).bind("action", filter.action().orElse(null))
                .bind("object", filter.object().orElse(null))
                .bind("before", before.orElse(Long.MAX_VALUE)).bind("most", most)
                .map((row, context) -> new Entry(row.getLong("id"), Columns.instant(row, "at"),
                        row.getString("actor"), row.getString("tenant_id"), row.getString("action"),
                        row.getString("object"), row.getString("details")))
                .list());
    }
}
