package graft.registry.knowledge.uploads;

import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The bytes of parts one after the other, a piece in memory at a time. Belongs to the handle's transaction. */
final class PartsStream extends InputStream {
    private final Handle handle;
    private final List<String> parts;
    private final MessageDigest digest;
    private int part;
    private int ordinal;
    private byte[] piece = new byte[0];
    private int at;
    private String md5 = "";

    PartsStream(Handle handle, List<String> parts) {
        this.handle = handle;
        this.parts = parts;
        try {
            this.digest = MessageDigest.getInstance("MD5"); // what the API's clients compare by, not a seal
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has MD5", e);
        }
    }

    /** Of what was read, in hexadecimal digits. */
    String md5() {
        if (md5.isEmpty()) md5 = HexFormat.of().formatHex(digest.digest());
        return md5;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) {
        if (length == 0) return 0;
        while (at == piece.length) {
            if (part == parts.size()) return -1;
            Optional<byte[]> next = handle.createQuery(
                    "SELECT content FROM upload_piece WHERE part_id = :part AND ordinal = :ordinal")
                    .bind("part", parts.get(part)).bind("ordinal", ordinal++).mapTo(byte[].class).findOne();
            at = 0;
            piece = next.orElseGet(() -> new byte[0]);
            digest.update(piece);
            if (next.isEmpty()) {
                part++;
                ordinal = 0;
            }
        }
        int count = Math.min(length, piece.length - at);
        System.arraycopy(piece, at, into, offset, count);
        at += count;
        return count;
    }
}
