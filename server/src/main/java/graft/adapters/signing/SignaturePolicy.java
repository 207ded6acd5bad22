package graft.adapters.signing;

import java.util.Map;
import java.util.Optional;

/**
 * What is asked of signatures here. Immutable; any thread.
 *
 * @param keys     who is believed
 * @param required refuses an adapter without a signature
 */
public record SignaturePolicy(SigningKeys keys, boolean required) {
    /** Nothing is asked; a signature that comes along can't be checked. */
    public static final SignaturePolicy NONE = new SignaturePolicy(SigningKeys.none(), false);

    public SignaturePolicy {
        if (required && keys.isEmpty())
            throw new IllegalArgumentException("adapters.require-signature needs a key in adapters.signing-keys");
    }

    /** @param signer whose signature was checked; @param warning what the uploader should know */
    public record Checked(Optional<String> signer, Optional<String> warning) {}

    /**
     * @param bundle as uploaded
     * @param sent   every file that will be kept, by name, as {@code sha256:...}
     * @throws UntrustedSignatureException if it does not hold, or is missing and required
     */
    public Checked check(Optional<byte[]> bundle, Map<String, String> sent) {
        if (bundle.isEmpty()) {
            if (required) throw new UntrustedSignatureException("The upload holds no signature, which this server "
                    + "demands: add model.sig as made by 'model_signing sign key'.");
            return new Checked(Optional.empty(), Optional.empty());
        }
        if (keys.isEmpty()) return new Checked(Optional.empty(), Optional.of(
                "The signature was not checked and not kept: no adapters.signing-keys are set."));
        SignedFiles signed = SignedFiles.verify(bundle.get(), keys);
        signed.cover(sent);
        return new Checked(Optional.of(signed.signer()), Optional.empty());
    }
}
