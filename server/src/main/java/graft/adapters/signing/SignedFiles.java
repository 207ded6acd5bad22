package graft.adapters.signing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a signature is over: files by name with their sha-256, and who signed them. Reads the bundles of OpenSSF's
 * model_signing 1.x in key mode: a sigstore bundle with a DSSE envelope (github.com/secure-systems-lab/dsse) over an
 * in-toto statement whose subject is the sha-256 over all files' digests.
 *
 * @param digests by path below the signed folder, as {@code sha256:...}
 * @param signer  fingerprint of the key
 */
public record SignedFiles(Map<String, String> digests, String signer) {
    private static final String WHERE = "The signature";
    private static final String PAYLOAD = "application/vnd.in-toto+json";
    private static final String STATEMENT = "https://in-toto.io/Statement/v1";
    private static final String PREDICATE = "https://model_signing/signature/v1.0";

    public SignedFiles {
        digests = Map.copyOf(digests);
    }

    /** @throws UntrustedSignatureException if no trusted key made it, or it is not of this form */
    public static SignedFiles verify(byte[] bundle, SigningKeys trusted) {
        JsonTree tree = JsonTree.parse(WHERE, bundle);
        if (!tree.text("mediaType").startsWith("application/vnd.dev.sigstore.bundle"))
            throw new UntrustedSignatureException("The signature is no sigstore bundle.");
        JsonTree envelope = tree.at("dsseEnvelope");
        if (!envelope.text("payloadType").equals(PAYLOAD))
            throw new UntrustedSignatureException("The signature is not over an in-toto statement.");
        byte[] payload = base64(envelope.text("payload"));
        List<JsonTree> signatures = envelope.list("signatures");
        if (signatures.size() != 1) throw new UntrustedSignatureException("The bundle holds " + signatures.size()
                + " signatures, not one.");
        String signer = trusted.signer(message(payload), base64(signatures.getFirst().text("sig")))
                .orElseThrow(() -> new UntrustedSignatureException(
                        "No key of adapters.signing-keys made the signature."));
        return new SignedFiles(files(JsonTree.parse("The signed statement", payload)), signer);
    }

    /** DSSE's pre-authentication encoding: what is signed names its type and both lengths. */
    private static byte[] message(byte[] payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(("DSSEv1 " + PAYLOAD.length() + " " + PAYLOAD + " " + payload.length + " ")
                .getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(payload);
        return out.toByteArray();
    }

    private static Map<String, String> files(JsonTree statement) {
        if (!statement.text("_type").equals(STATEMENT) || !statement.text("predicateType").equals(PREDICATE))
            throw new UntrustedSignatureException("The signed statement is not one of model_signing 1.x.");
        Map<String, String> files = new LinkedHashMap<>();
        ByteArrayOutputStream digests = new ByteArrayOutputStream();
        for (JsonTree resource : statement.at("predicate").list("resources")) {
            String name = resource.text("name");
            String digest = resource.text("digest");
            if (!resource.text("algorithm").equals("sha256") || !digest.matches("[0-9a-f]{64}"))
                throw new UntrustedSignatureException("The signed statement names '" + name
                        + "' by something else than sha-256; sign with the method 'files'.");
            if (files.put(name, "sha256:" + digest) != null)
                throw new UntrustedSignatureException("The signed statement names '" + name + "' twice.");
            digests.writeBytes(HexFormat.of().parseHex(digest));
        }
        List<JsonTree> subjects = statement.list("subject");
        String all = HexFormat.of().formatHex(SigningKeys.sha256(digests.toByteArray()));
        if (subjects.size() != 1 || !subjects.getFirst().at("digest").text("sha256").equals(all))
            throw new UntrustedSignatureException("The signed statement's subject is not the digest of its files.");
        return files;
    }

    private static byte[] base64(String text) {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new UntrustedSignatureException("The signature is not encoded in base64.");
        }
    }

    /**
     * Every file must be one that was signed; a signed file that was not sent is no fault.
     *
     * @param sent by name, as {@code sha256:...}
     * @throws UntrustedSignatureException naming the file
     */
    public void cover(Map<String, String> sent) {
        sent.forEach((name, digest) -> {
            if (!digests.containsKey(name)) throw new UntrustedSignatureException(name + " is not among the files that "
                    + "the signature is over.");
            if (!digests.get(name).equals(digest)) throw new UntrustedSignatureException(name + " is not the file that "
                    + "was signed: its sha-256 is another.");
        });
    }
}
