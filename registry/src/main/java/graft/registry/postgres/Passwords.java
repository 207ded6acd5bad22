package graft.registry.postgres;

import graft.registry.Ids;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;

/** The embedded server's passwords: made once, kept beside the data in a file that only we can read. */
record Passwords(String superuser, String owner, String app, String admin) {

    static Passwords in(Path file) throws IOException {
        if (!Files.exists(file)) save(file, new Passwords(Ids.next(""), Ids.next(""), Ids.next(""), Ids.next("")));
        Properties stored = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            stored.load(reader);
        }
        return new Passwords(required(stored, Bootstrap.SUPERUSER, file), required(stored, Bootstrap.OWNER, file),
                required(stored, Bootstrap.APP, file), required(stored, Bootstrap.ADMIN, file));
    }

    private static String required(Properties stored, String role, Path file) {
        String password = stored.getProperty(role);
        if (password == null) throw new PostgresException("The file " + file + " lacks the password of " + role + ".");
        return password;
    }

    /** Whole or not at all: a password file cut short would lock us out of the data. */
    private static void save(Path file, Passwords passwords) throws IOException {
        Properties properties = new Properties();
        properties.setProperty(Bootstrap.SUPERUSER, passwords.superuser());
        properties.setProperty(Bootstrap.OWNER, passwords.owner());
        properties.setProperty(Bootstrap.APP, passwords.app());
        properties.setProperty(Bootstrap.ADMIN, passwords.admin());
        StringWriter text = new StringWriter();
        properties.store(text, "roles of the embedded Postgres");
        Path part = file.resolveSibling(file.getFileName() + ".part");
        Files.deleteIfExists(part);
        Files.createFile(part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(part, text.toString(), StandardOpenOption.SYNC);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
