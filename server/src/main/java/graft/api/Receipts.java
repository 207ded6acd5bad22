package graft.api;

import com.fasterxml.jackson.annotation.JsonRawValue;
import graft.registry.knowledge.receipts.DeletionReceipt;
import java.util.List;

/** Receipts of deletions as the API writes them. */
final class Receipts {
    private Receipts() {}

    record Removed(long documents, long revisions, long chunks, long vectors, long postings, long pinnedPrefixes,
            long bytes) {}

    record ReceiptBody(String id, String object, long createdAt, String tenantId, String actor, String kind,
            String objectId, List<String> vectorStoreIds, Removed removed, @JsonRawValue String revisions,
            String revisionsDigest, String digest) {
        static ReceiptBody of(DeletionReceipt receipt) {
            DeletionReceipt.Counts counts = receipt.removed();
            return new ReceiptBody(receipt.id(), "deletion.receipt", receipt.createdAt().getEpochSecond(),
                    receipt.tenantId(), receipt.actor(), receipt.kind().word(), receipt.objectId(),
                    receipt.storeIds(), new Removed(counts.documents(), counts.revisions(), counts.chunks(),
                    counts.vectors(), counts.postings(), counts.pinnedPrefixes(), counts.bytes()), receipt.listed(),
                    receipt.revisionsDigest(), receipt.digest());
        }
    }

    record Graft(ReceiptBody receipt) {}

    /** OpenAI's answer to a deletion, with the receipt of it. */
    record Deleted(String id, String object, boolean deleted, Graft graft) {}

    static Deleted deleted(String object, DeletionReceipt receipt) {
        return new Deleted(receipt.objectId(), object, true, new Graft(ReceiptBody.of(receipt)));
    }
}
