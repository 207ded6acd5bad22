package graft.registry;

/** Postgres can't be reached just now: nothing was changed, and the same call may succeed later. */
public final class DatabaseUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DatabaseUnavailableException(Throwable cause) {
        super("the database can't be reached", cause);
    }
}
