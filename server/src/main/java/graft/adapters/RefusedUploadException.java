package graft.adapters;

import java.util.Objects;

/** An upload that holds no sound adapter, or more than is allowed. Nothing of it was stored. */
public final class RefusedUploadException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public enum Reason { FAULTY, TOO_LARGE }

    private final Reason reason;

    /** @param message names the file, field or tensor and what is wrong with it; for the client */
    public RefusedUploadException(Reason reason, String message) {
        super(message);
        this.reason = Objects.requireNonNull(reason);
    }

    static RefusedUploadException faulty(String message) {
        return new RefusedUploadException(Reason.FAULTY, message);
    }

    static RefusedUploadException tooLarge(String message) {
        return new RefusedUploadException(Reason.TOO_LARGE, message);
    }

    public Reason reason() {
        return reason;
    }
}
