package graft.weights;

/** A tensor file that is not what its format promises; the message names the file, the tensor and the reason. */
public final class InvalidTensorFileException extends RuntimeException {
    private static final int LONGEST_NAME = 200;
    private final String reason;

    public InvalidTensorFileException(String file, String reason) {
        super(file + ": " + reason);
        this.reason = reason;
    }

    public InvalidTensorFileException(String file, String tensor, String reason) {
        this(file, printable(tensor) + " " + reason);
    }

    /** The message without the file's name. */
    public String reason() {
        return reason;
    }

    /** Names come from strangers' files: shortened, and free of line breaks before they reach a log or a page. */
    static String printable(String name) {
        String shown = name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) + "..." : name;
        return shown.replaceAll("\\p{Cntrl}", "?");
    }
}
