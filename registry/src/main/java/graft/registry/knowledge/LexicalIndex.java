package graft.registry.knowledge;

import graft.registry.knowledge.receipts.Removal;
import graft.registry.usage.IdempotencyDao;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Keeps postings, document frequencies and a store's totals equal to its visible revisions. Every writer holds the
 * store's row while it changes them, so two of them can't deadlock over lexemes, and locks in the order store, job,
 * document. The store's lock leaves its key alone: rows that refer to the store can be added meanwhile.
 */
final class LexicalIndex {
    private LexicalIndex() {}

    private record Indexed(long document, long store) {}

    /** Makes a finished revision's chunks findable. The caller holds the store's row. */
    static void add(Handle handle, String tenantId, long store, long document, long revision) {
        handle.createUpdate("""
                INSERT INTO posting (store, lexeme, chunk, document, frequency, length, tenant_id)
                SELECT :store, word.lexeme, c.number, :document, cardinality(word.positions), c.length, :tenant
                FROM chunk c, unnest(c.lexemes) word WHERE c.revision = :revision""")
                .bind("store", store).bind("document", document).bind("tenant", tenantId).bind("revision", revision)
                .execute();
        handle.createUpdate("""
                INSERT INTO lexeme AS known (store, lexeme, chunk_count, tenant_id)
                SELECT :store, word.lexeme, count(*), :tenant
                FROM chunk c, unnest(c.lexemes) word WHERE c.revision = :revision GROUP BY word.lexeme
                ON CONFLICT (store, lexeme) DO UPDATE SET chunk_count = known.chunk_count + excluded.chunk_count""")
                .bind("store", store).bind("tenant", tenantId).bind("revision", revision).execute();
        total(handle, store, revision, 1);
    }

    /**
     * Takes a document's visible revision, if it has one, out of the index. The caller holds the store's row.
     *
     * @return postings that are gone
     */
    static long remove(Handle handle, long store, long document) {
        List<Long> visible = handle.createQuery(
                "SELECT visible_revision FROM document WHERE number = :document AND visible_revision IS NOT NULL")
                .bind("document", document).mapTo(Long.class).list();
        long postings = 0;
        for (long revision : visible) {
            postings += handle.createUpdate("""
                    DELETE FROM posting USING chunk c, unnest(c.lexemes) word
                    WHERE c.revision = :revision AND posting.store = :store AND posting.lexeme = word.lexeme
                      AND posting.chunk = c.number""").bind("store", store).bind("revision", revision).execute();
            handle.createUpdate("""
                    UPDATE lexeme SET chunk_count = chunk_count - gone.n
                    FROM (SELECT word.lexeme, count(*) AS n FROM chunk c, unnest(c.lexemes) word
                          WHERE c.revision = :revision GROUP BY word.lexeme) gone
                    WHERE store = :store AND lexeme.lexeme = gone.lexeme""")
                    .bind("store", store).bind("revision", revision).execute();
            handle.createUpdate("""
                    DELETE FROM lexeme USING chunk c, unnest(c.lexemes) word
                    WHERE c.revision = :revision AND lexeme.store = :store AND lexeme.lexeme = word.lexeme
                      AND chunk_count <= 0""").bind("store", store).bind("revision", revision).execute();
            total(handle, store, revision, -1);
        }
        return postings;
    }

    private static void total(Handle handle, long store, long revision, int sign) {
        handle.createUpdate("""
                UPDATE vector_store SET revision = vector_store.revision + 1,
                    chunk_count = chunk_count + :sign * changed.chunks,
                    lexeme_total = lexeme_total + :sign * changed.lexemes
                FROM (SELECT count(*) AS chunks, coalesce(sum(length), 0) AS lexemes FROM chunk
                      WHERE revision = :revision) changed
                WHERE number = :store""").bind("sign", sign).bind("store", store).bind("revision", revision).execute();
    }

    /**
     * Deletes every document that meets a condition, with its revisions, chunks, vectors, postings and job, and what
     * kept replies show of it.
     *
     * @param condition over document, with {@code :key}
     * @return what was removed
     */
    static Removal removeAll(Handle handle, String condition, Object key) {
        List<Long> stores = handle.createQuery(
                "SELECT number FROM vector_store WHERE number IN (SELECT store FROM document WHERE "
                + condition + ") ORDER BY number FOR NO KEY UPDATE").bind("key", key).mapTo(Long.class).list();
        Removal removal = new Removal();
        removal.prefixes(handle, stores);
        IdempotencyDao.forgetFiles(handle, handle.createQuery(
                "SELECT DISTINCT file_id FROM document WHERE " + condition)
                .bind("key", key).mapTo(String.class).list());
        List<Indexed> documents = handle.createQuery("SELECT number, store FROM document WHERE " + condition
                + " ORDER BY number").bind("key", key)
                .map((rows, context) -> new Indexed(rows.getLong(1), rows.getLong(2))).list();
        for (Indexed document : documents) {
            handle.createQuery("SELECT document FROM ingestion_job WHERE document = :document FOR UPDATE")
                    .bind("document", document.document()).mapTo(Long.class).list();
            removal.document(handle, document.document());
            removal.postings(remove(handle, document.store(), document.document()));
            handle.execute("DELETE FROM document WHERE number = ?", document.document());
        }
        return removal;
    }
}
