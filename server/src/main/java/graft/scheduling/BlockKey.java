package graft.scheduling;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/**
 * Names the content of a full KV block: SHA-256 over the key of the block before it and the block's tokens; the chain
 * begins with the salt and the adapters. All 256 bits are compared: a collision would show one tenant another's text.
 */
record BlockKey(long a, long b, long c, long d) {

    /** The key that stands before a sequence's first block. */
    static BlockKey root(String salt, List<AdapterKey> adapters) {
        MessageDigest sha = sha256();
        update(sha, salt);
        for (AdapterKey adapter : adapters) {
            update(sha, adapter.digest());
            sha.update(ByteBuffer.allocate(Long.BYTES).putLong(Double.doubleToLongBits(adapter.scale())).flip());
        }
        return of(sha.digest());
    }

    /** The key of the block that follows this one and holds {@code tokens[from .. from + count]}. */
    BlockKey next(int[] tokens, int from, int count) {
        ByteBuffer content = ByteBuffer.allocate(4 * Long.BYTES + count * Integer.BYTES);
        content.putLong(a).putLong(b).putLong(c).putLong(d);
        for (int i = from; i < from + count; i++) content.putInt(tokens[i]);
        MessageDigest sha = sha256();
        sha.update(content.flip());
        return of(sha.digest());
    }

    /** The key before a block in which an adapter begins to apply, at this token of the sequence. */
    BlockKey activated(AdapterKey adapter, int from) {
        MessageDigest sha = sha256();
        update(sha, "activated");
        update(sha, adapter.digest());
        sha.update(ByteBuffer.allocate(6 * Long.BYTES).putLong(Double.doubleToLongBits(adapter.scale())).putLong(from)
                .putLong(a).putLong(b).putLong(c).putLong(d).flip());
        return of(sha.digest());
    }

    /** Length first, so that no two lists of strings read alike. */
    private static void update(MessageDigest sha, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        sha.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
        sha.update(bytes);
    }

    private static BlockKey of(byte[] digest) {
        ByteBuffer bytes = ByteBuffer.wrap(digest);
        return new BlockKey(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
