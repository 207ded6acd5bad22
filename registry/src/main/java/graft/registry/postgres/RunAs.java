package graft.registry.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * As whom PostgreSQL's programs run: they refuse root, so under root they get an unprivileged user through setpriv.
 *
 * <p>That user keeps the one capability to pass folders that only root may enter (a data folder in /root, say), and
 * only where such a folder is on the way. {@code no_setuid_fixup} is needed with it: PostgreSQL asks access(2), which
 * otherwise ignores a non-root user's capabilities (capabilities(7)).
 *
 * @param uid empty: as ourselves
 */
record RunAs(OptionalInt uid) {
    private static final int NOBODY = 65534;

    /** Prefers the system's postgres user, else nobody; both have to be in /etc/passwd, which initdb looks up. */
    static RunAs choose() {
        if (!"root".equals(System.getProperty("user.name"))) return new RunAs(OptionalInt.empty());
        Map<String, Integer> users = users();
        return new RunAs(OptionalInt.of(users.getOrDefault("postgres", users.getOrDefault("nobody", NOBODY))));
    }

    private static Map<String, Integer> users() {
        Map<String, Integer> users = new java.util.HashMap<>();
        try {
            for (String line : Files.readAllLines(Path.of("/etc/passwd"))) {
                String[] fields = line.split(":");
                if (fields.length > 2 && fields[2].matches("[0-9]{1,9}")) {
                    users.put(fields[0], Integer.parseInt(fields[2]));
                }
            }
        } catch (IOException e) {
            throw new PostgresException("/etc/passwd can't be read: PostgreSQL needs an unprivileged user.", e);
        }
        return users;
    }

    /** Gives a file or folder to that user. */
    void own(Path path) throws IOException {
        if (uid.isEmpty()) return;
        Files.setAttribute(path, "unix:uid", uid.getAsInt());
        Files.setAttribute(path, "unix:gid", uid.getAsInt());
    }

    /** @param touched files and folders the program has to reach */
    List<String> command(List<String> command, Path... touched) {
        if (uid.isEmpty()) return command;
        String id = String.valueOf(uid.getAsInt());
        List<String> all = new ArrayList<>(List.of("setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups"));
        for (Path path : touched) {
            if (openToAll(path)) continue;
            all.addAll(List.of("--securebits=+no_setuid_fixup", "--inh-caps=+dac_override",
                    "--ambient-caps=+dac_override"));
            break;
        }
        all.addAll(command);
        return all;
    }

    private static boolean openToAll(Path path) {
        try {
            for (Path folder = path.toRealPath().getParent(); folder != null; folder = folder.getParent()) {
                if (!Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OTHERS_EXECUTE)) return false;
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
