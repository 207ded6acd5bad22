package graft.registry;

import java.security.SecureRandom;

/**
 * Makes ids of the form {@code file-k3v9...}: a prefix that says what it names and 120 random bits in lower-case
 * base 32, so that ids can be read aloud, sort nowhere and can't be guessed.
 */
public final class Ids {
    private static final char[] ALPHABET = "abcdefghijklmnopqrstuvwxyz234567".toCharArray();
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int LENGTH = 24;

    private Ids() {}

    /** @param prefix with its separator: {@code "file-"}, {@code "vs_"}, {@code "tenant_"} */
    public static String next(String prefix) {
        byte[] random = new byte[LENGTH];
        RANDOM.nextBytes(random);
        StringBuilder id = new StringBuilder(prefix.length() + LENGTH).append(prefix);
        for (byte b : random) id.append(ALPHABET[b & 31]);
        return id.toString();
    }
}
