package graft.adapters.signing;

/** A signature that is malformed, by nobody who is trusted, or over other files. The message is for the client. */
public final class UntrustedSignatureException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UntrustedSignatureException(String message) {
        super(message, null, false, false);
    }
}
