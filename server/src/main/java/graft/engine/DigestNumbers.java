package graft.engine;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Numbers for contents where another engine wants one instead of a digest. They come from the content, so that they
 * are the same after a restart, and none is ever given to two contents: cached KV carries them. Remembers every content
 * for the life of its engine. Not thread-safe.
 */
public final class DigestNumbers {
    private final long largest;
    private final Map<Long, String> contents = new HashMap<>();

    /** @param largest number, one less than a power of two */
    public DigestNumbers(long largest) {
        this.largest = largest;
    }

    /** Never 0: the first bits of the content's sha-256; should another content have them, of it with a mark. */
    public long of(String content) {
        for (String marked = content;; marked += "#") {
            long number = HexFormat.fromHexDigitsToLong(sha256(marked).substring(0, 16)) & largest;
            if (number != 0 && contents.computeIfAbsent(number, unused -> content).equals(content)) return number;
        }
    }

    /** In hexadecimal digits. */
    public static String sha256(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256")
                    .digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
