package graft.admission;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Where a user or a conversation stands in a split: the same on every server and after every restart, spread evenly
 * over many, and independent from alias to alias. When weights change, only those near a moved border change sides,
 * because the place is a share of the whole and the versions stand in the order of their numbers. Pure.
 */
final class StickySplit {
    private StickySplit() {}

    /**
     * @param tenantId whose user it is: equal names of two tenants are two users
     * @param name     of the alias
     * @return from 0 to below sum
     */
    static long place(String tenantId, ModelName name, String key, long sum) {
        MessageDigest sha = sha256();
        for (String part : new String[] {tenantId, name.owner().orElse(""), name.adapter(), name.alias().orElse(""),
            key}) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            sha.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip()); // so that no two run together
            sha.update(bytes);
        }
        long hash = ByteBuffer.wrap(sha.digest()).getLong();
        return Math.unsignedMultiplyHigh(hash, sum);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
