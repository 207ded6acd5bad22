package graft.metering;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What requests called an adapter version last: by its plain name, an alias or its number. The least recently asked is
 * forgotten first. Any thread may call.
 */
final class AskedNames {
    private final Map<String, String> names;

    AskedNames(int most) {
        names = new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
                return size() > most;
            }
        };
    }

    synchronized void put(String digest, String name) {
        names.remove(digest); // so that it comes last again
        names.put(digest, name);
    }

    /** Reading a name doesn't keep it: only being asked does. */
    synchronized Optional<String> of(String digest) {
        return Optional.ofNullable(names.get(digest));
    }
}
