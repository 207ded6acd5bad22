package graft.registry.catalog;

import graft.registry.Columns;
import graft.registry.Database;
import graft.registry.tenant.AuditDao;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.statement.SqlStatement;

/** Answers of shadowed candidates beside the real ones, and who lets his requests be shadowed. Any thread may call. */
public final class ShadowDao {
    private final Database database;

    public ShadowDao(Database database) {
        this.database = database;
    }

    /**
     * Two answers to one request.
     *
     * @param requestId       of the real answer
     * @param askedBy         tenant whose request it was
     * @param firstDifference tokens that are the same before the first that is not; none if all are
     * @param answerMicros    from submission to the last token, as shadowMicros
     * @param answer          text, empty for a base without a tokeniser
     */
    public record Comparison(String adapter, String alias, String requestId, String askedBy, int version,
            int shadowVersion, Optional<Integer> firstDifference, int answerTokens, int shadowTokens,
            long answerMicros, long shadowMicros, String answer, String shadowAnswer) {}

    /** A comparison as stored. */
    public record Stored(long id, Instant at, Comparison comparison) {}

    /**
     * Keeps a comparison for the adapter's owner, and of each alias only the newest; nothing if the adapter is gone.
     *
     * @param mostKept of one alias
     */
    public void add(String owner, Comparison compared, int mostKept) {
        database.asTenant(owner, handle -> {
            int added = bound(handle.createUpdate("""
                    INSERT INTO shadow_answer (tenant_id, adapter, alias, request_id, asked_by, version, shadow_version,
                        first_difference, answer_tokens, shadow_tokens, answer_micros, shadow_micros, answer,
                        shadow_answer)
                    SELECT tenant_id, name, :alias, :request, :askedBy, :version, :shadow, :difference::integer,
                        :answerTokens, :shadowTokens, :answerMicros, :shadowMicros, :answer, :shadowAnswer
                    FROM adapter WHERE tenant_id = :owner AND name = :adapter FOR SHARE
                    """).bind("owner", owner), compared).execute();
            return added + handle.createUpdate("""
                    DELETE FROM shadow_answer WHERE tenant_id = :owner AND adapter = :adapter AND alias = :alias
                    AND id <= (SELECT id FROM shadow_answer WHERE tenant_id = :owner AND adapter = :adapter
                        AND alias = :alias ORDER BY id DESC OFFSET :kept LIMIT 1)
                    """).bind("owner", owner).bind("adapter", compared.adapter()).bind("alias", compared.alias())
                    .bind("kept", mostKept).execute();
        });
    }

    private static <S extends SqlStatement<S>> S bound(S statement, Comparison compared) {
        return statement.bind("adapter", compared.adapter()).bind("alias", compared.alias())
                .bind("request", compared.requestId()).bind("askedBy", compared.askedBy())
                .bind("version", compared.version()).bind("shadow", compared.shadowVersion())
                .bind("difference", compared.firstDifference().orElse(null))
                .bind("answerTokens", compared.answerTokens()).bind("shadowTokens", compared.shadowTokens())
                .bind("answerMicros", compared.answerMicros()).bind("shadowMicros", compared.shadowMicros())
                .bind("answer", compared.answer().replace('\0', ' '))
                .bind("shadowAnswer", compared.shadowAnswer().replace('\0', ' '));
    }

    /** Newest first; @param before only smaller ids */
    public List<Stored> list(String owner, String adapter, String alias, long before, int limit) {
        return database.asTenant(owner, handle -> handle.createQuery("""
                SELECT * FROM shadow_answer WHERE tenant_id = :owner AND adapter = :adapter AND alias = :alias
                    AND id < :before ORDER BY id DESC LIMIT :limit
                """).bind("owner", owner).bind("adapter", adapter).bind("alias", alias).bind("before", before)
                .bind("limit", limit).map((row, context) -> new Stored(row.getLong("id"), Columns.instant(row, "at"),
                        new Comparison(adapter, alias, row.getString("request_id"), row.getString("asked_by"),
                                row.getInt("version"), row.getInt("shadow_version"),
                                Optional.ofNullable(row.getObject("first_difference", Integer.class)),
                                row.getInt("answer_tokens"), row.getInt("shadow_tokens"), row.getLong("answer_micros"),
                                row.getLong("shadow_micros"), row.getString("answer"),
                                row.getString("shadow_answer")))).list());
    }

    /** Whether a tenant lets owners of adapters it shares shadow its requests. */
    public boolean consents(String tenantId) {
        return database.asTenant(tenantId, handle -> handle.createQuery(
                "SELECT count(*) FROM shadow_consent WHERE tenant_id = :tenant").bind("tenant", tenantId)
                .mapTo(Long.class).one()) > 0;
    }

    /** Gives or ends that consent; the next request sees it. */
    public void consent(String tenantId, boolean given, String by) {
        database.asTenant(tenantId, handle -> {
            int changed = given ? handle.createUpdate("""
                    INSERT INTO shadow_consent (tenant_id, given_by) VALUES (:tenant, :by) ON CONFLICT DO NOTHING
                    """).bind("tenant", tenantId).bind("by", by).execute()
                    : handle.createUpdate("DELETE FROM shadow_consent WHERE tenant_id = :tenant")
                            .bind("tenant", tenantId).execute();
            if (changed > 0) AuditDao.record(handle, by, tenantId, given ? "shadow.allow" : "shadow.forbid", tenantId,
                    Map.of());
            CatalogDao.announce(handle);
            return changed;
        });
    }
}
