package graft.registry;

import java.sql.SQLException;

/** Postgres can't be reached just now: nothing was changed, and the same call may succeed later. */
public final class DatabaseUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DatabaseUnavailableException(Throwable cause) {
        super("the database can't be reached", cause);
    }

    /** In one line for the log: the class of failure and its SQLSTATE, without the statement and its values. */
    public String reason() {
        String state = "";
        Throwable root = this;
        for (Throwable cause = getCause(); cause != null; cause = cause.getCause()) {
            root = cause;
            if (cause instanceof SQLException sql && sql.getSQLState() != null) state = " " + sql.getSQLState();
        }
        return root.getClass().getSimpleName() + state;
    }
}
