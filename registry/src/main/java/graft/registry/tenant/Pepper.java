package graft.registry.tenant;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The server's own secret in every stored hash (HMAC-SHA-256, RFC 2104): a copy of the database alone lets nobody test
 * a guess. Servers that share a database need the same pepper. Any thread may call.
 */
public final class Pepper {
    private static final int BYTES = 32;
    private final SecretKeySpec key;

    private Pepper(byte[] secret) {
        if (secret.length < 16) throw new IllegalArgumentException("a pepper of " + secret.length + " bytes, need 16");
        key = new SecretKeySpec(secret, "HmacSHA256");
    }

    /** @param text at least 16 bytes of UTF-8, from the setting {@code keys.pepper} */
    public static Pepper of(String text) {
        return new Pepper(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Reads the file, or makes it with a random secret that only its owner may read. */
    public static Pepper inFile(Path file) {
        try {
            if (!Files.exists(file)) create(file);
            return new Pepper(HexFormat.of().parseHex(Files.readString(file).strip()));
        } catch (IOException e) {
            throw new UncheckedIOException("pepper file " + file, e);
        }
    }

    private static void create(Path file) throws IOException {
        byte[] secret = new byte[BYTES];
        new SecureRandom().nextBytes(secret);
        Path fresh = Files.createTempFile(file.toAbsolutePath().getParent(), "pepper", ".new",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            Files.writeString(fresh, HexFormat.of().formatHex(secret) + "\n");
            // A link fails where the name is taken, so two starting servers agree on one secret.
            Files.createLink(file, fresh);
        } catch (FileAlreadyExistsException e) {
            // the other one was faster: its secret counts
        } finally {
            Files.delete(fresh);
        }
    }

    /** 32 bytes. */
    public byte[] hmac(String secret) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac.doFinal(secret.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }
}
