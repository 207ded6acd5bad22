package graft.registry.postgres;

/** Postgres can't be set up; the message is one sentence for the person who started the server, with the remedy. */
public class PostgresException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public PostgresException(String sentence) {
        super(sentence);
    }

    public PostgresException(String sentence, Throwable cause) {
        super(sentence, cause);
    }

    /** Another server, of this process or another, works on the folder. */
    public static final class FolderInUse extends PostgresException {
        private static final long serialVersionUID = 1;

        FolderInUse(java.nio.file.Path folder) {
            super("The folder " + folder + " is in use by another server.");
        }
    }
}
