package graft.adapters.signing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.ECPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** The public keys whose signatures are believed: ECDSA on P-256 with SHA-256. Immutable; any thread. */
public final class SigningKeys {
    private static final int P256_BITS = 256;
    private static final String BEGIN = "-----BEGIN PUBLIC KEY-----";
    private static final String END = "-----END PUBLIC KEY-----";
    private final List<Key> keys;

    /** @param fingerprint {@code sha256:...} over its DER form, as {@code openssl ec -pubin -outform DER} gives it */
    private record Key(PublicKey key, String fingerprint) {}

    private SigningKeys(List<Key> keys) {
        this.keys = List.copyOf(keys);
    }

    public static SigningKeys none() {
        return new SigningKeys(List.of());
    }

    /**
     * @param files PEM files, each of one or more public keys
     * @throws IllegalArgumentException naming the file that holds no such key
     */
    public static SigningKeys read(List<Path> files) {
        List<Key> keys = new ArrayList<>();
        for (Path file : files) {
            try {
                keys.addAll(parse(Files.readString(file)));
            } catch (IOException e) {
                throw new UncheckedIOException("signing key " + file, e);
            } catch (GeneralSecurityException | IllegalArgumentException e) {
                throw new IllegalArgumentException(file + " holds no public key for ECDSA on P-256 in PEM form", e);
            }
        }
        return new SigningKeys(keys);
    }

    private static List<Key> parse(String pem) throws GeneralSecurityException {
        List<Key> keys = new ArrayList<>();
        for (int begin = pem.indexOf(BEGIN); begin >= 0; begin = pem.indexOf(BEGIN, begin + 1)) {
            int end = pem.indexOf(END, begin);
            if (end < 0) break;
            byte[] der = Base64.getMimeDecoder().decode(pem.substring(begin + BEGIN.length(), end));
            PublicKey key = KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(der));
            if (((ECPublicKey) key).getParams().getOrder().bitLength() != P256_BITS)
                throw new IllegalArgumentException("another curve");
            keys.add(new Key(key, "sha256:" + HexFormat.of().formatHex(sha256(key.getEncoded()))));
        }
        if (keys.isEmpty()) throw new IllegalArgumentException("no key");
        return keys;
    }

    public boolean isEmpty() {
        return keys.isEmpty();
    }

    /** The fingerprint of the key that made this signature. */
    Optional<String> signer(byte[] message, byte[] signature) {
        return keys.stream().filter(key -> made(key.key(), message, signature)).map(Key::fingerprint).findFirst();
    }

    private static boolean made(PublicKey key, byte[] message, byte[] signature) {
        try {
            Signature verifier = Signature.getInstance("SHA256withECDSA");
            verifier.initVerify(key);
            verifier.update(message);
            return verifier.verify(signature);
        } catch (SignatureException | InvalidKeyException malformed) {
            return false;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has SHA256withECDSA", e);
        }
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
