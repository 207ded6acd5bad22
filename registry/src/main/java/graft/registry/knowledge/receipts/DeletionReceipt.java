package graft.registry.knowledge.receipts;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;

/**
 * What a deletion removed: {@code del_...}. Holds counts, ids and hashes, no text.
 *
 * @param actor           the key's id, or {@code server} for what had its time
 * @param objectId        the file or the store that was deleted
 * @param storeIds        the stores that lost something
 * @param listed          JSON array: the first of the removed revisions by id, file, store and SHA-256 of their text
 * @param revisionsDigest over all removed revisions, see {@link Removal}
 * @param digest          over all fields before it, see {@link #digestOf}
 */
public record DeletionReceipt(String id, String tenantId, Instant createdAt, String actor, Kind kind, String objectId,
        List<String> storeIds, Counts removed, String listed, String revisionsDigest, String digest) {

    /** What was deleted; a document is a file in a store. */
    public enum Kind {
        FILE("file"), DOCUMENT("vector_store.file"), STORE("vector_store"), EXPIRED_STORE("vector_store.expired");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /** As the API and the audit log spell it. */
        public String word() {
            return word;
        }

        static Kind of(String word) {
            for (Kind kind : values()) {
                if (kind.word.equals(word)) return kind;
            }
            throw new IllegalStateException("a receipt of the kind " + word);
        }
    }

    /**
     * @param pinnedPrefixes prompts' beginnings that held it: whole stores as they stood, which no prompt begins with
     *                       any more
     * @param bytes          of files and stored texts
     */
    public record Counts(long documents, long revisions, long chunks, long vectors, long postings,
            long pinnedPrefixes, long bytes) {}

    /**
     * SHA-256 in hexadecimal over the fields as lines, in the record's order: the time in seconds, the stores' ids and
     * the counts each on a line of their own.
     */
    static String digestOf(DeletionReceipt one) {
        StringBuilder lines = new StringBuilder();
        line(lines, one.id);
        line(lines, one.tenantId);
        line(lines, one.createdAt.getEpochSecond());
        line(lines, one.actor);
        line(lines, one.kind.word());
        line(lines, one.objectId);
        one.storeIds.forEach(store -> line(lines, store));
        Counts counts = one.removed;
        for (long count : new long[] {counts.documents, counts.revisions, counts.chunks, counts.vectors,
                counts.postings, counts.pinnedPrefixes, counts.bytes}) line(lines, count);
        line(lines, one.revisionsDigest);
        return HexFormat.of().formatHex(sha256().digest(lines.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private static void line(StringBuilder lines, Object value) {
        lines.append(value).append('\n');
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
