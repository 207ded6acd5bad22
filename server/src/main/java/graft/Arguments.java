package graft;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The options of {@code ./graft up}.
 *
 * @param settings    keys and values that come before all others
 * @param migrateOnly brings the database to this version's schema and ends, as a deployment does before it upgrades
 */
record Arguments(Map<String, String> settings, boolean migrateOnly) {
    private static final Map<String, String> KEYS = Map.of("--port", "port", "--host", "host", "--data", "data");

    /** @throws SetupException for an option that there is not, or one without its value */
    static Arguments parse(String... arguments) {
        Map<String, String> settings = new LinkedHashMap<>();
        List<String> bases = new ArrayList<>();
        boolean migrateOnly = false;
        for (int i = 0; i < arguments.length; i++) {
            int equals = arguments[i].startsWith("--") ? arguments[i].indexOf('=') : -1;
            String name = equals < 0 ? arguments[i] : arguments[i].substring(0, equals);
            if (arguments[i].equals("--no-demo")) {
                settings.put("demo", "false");
                continue;
            }
            if (arguments[i].equals("--migrate-only")) {
                migrateOnly = true;
                continue;
            }
            if (!KEYS.containsKey(name) && !name.equals("--base")) {
                throw new SetupException("There is no option '" + arguments[i] + "': ./graft help lists them.");
            }
            if (equals < 0 && i + 1 == arguments.length) {
                throw new SetupException("The option " + name + " needs a value: ./graft help.");
            }
            String value = equals < 0 ? arguments[++i] : arguments[i].substring(equals + 1);
            if (name.equals("--base")) bases.add(value);
            else settings.put(KEYS.get(name), value);
        }
        // A line each, so that a comma in a path is no separator.
        if (!bases.isEmpty()) settings.put("bases", String.join("\n", bases) + "\n");
        return new Arguments(settings, migrateOnly);
    }
}
