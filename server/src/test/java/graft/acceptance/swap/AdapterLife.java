package graft.acceptance.swap;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * One adapter whose versions and aliases one thread changes, and what must be there: everything that was acknowledged,
 * with or without the one change that was under way when the server fell silent. Belongs to one thread.
 */
final class AdapterLife {
    private static final List<String> SOURCES = List.of("l3-r4-qv", "l3-r16-all", "l3-rslora-r8");
    private static final List<String> ALIASES = List.of("production", "canary");
    private final String name;
    private final Random random;
    private State state = new State(0, Map.of(), Map.of());
    private Optional<Change> unknown = Optional.empty();
    private int acknowledged;

    /** @param lastNumber the highest that was ever given out */
    private record State(int lastNumber, Map<Integer, PeftVersion> versions, Map<String, Integer> aliases) {
        State with(Change change) {
            Map<Integer, PeftVersion> now = new TreeMap<>(versions);
            Map<String, Integer> pointed = new TreeMap<>(aliases);
            int last = lastNumber;
            switch (change) {
                case Change.Upload upload -> {
                    now.put(++last, upload.version());
                    if (last == 1) pointed.put("production", 1);
                }
                case Change.Delete delete -> now.remove(delete.number());
                case Change.Move move -> pointed.put(move.alias(), move.number());
            }
            return new State(last, now, pointed);
        }
    }

    private sealed interface Change {
        record Upload(PeftVersion version) implements Change {}

        record Delete(int number) implements Change {}

        record Move(String alias, int number) implements Change {}
    }

    AdapterLife(String name, Random random) {
        this.name = name;
        this.random = random;
    }

    int acknowledged() {
        return acknowledged;
    }

    /** @return false if the server did not acknowledge the change: then it must be {@link #reconcile}d */
    boolean change(SwapClient client) {
        Change change = draw();
        try {
            switch (change) {
                case Change.Upload upload -> client.upload(name, upload.version());
                case Change.Delete delete -> client.delete(name, delete.number());
                case Change.Move move -> client.move(name, move.alias(), move.number());
            }
        } catch (UncheckedIOException silent) {
            unknown = Optional.of(change);
            return false;
        } catch (SwapClient.Failed refused) {
            if (refused.status < 500) throw refused; // it was there and said no: that is no matter of a crash
            unknown = Optional.of(change);
            return false;
        }
        state = state.with(change);
        acknowledged++;
        return true;
    }

    private Change draw() {
        List<Integer> idle = state.versions().keySet().stream().filter(number -> !state.aliases().containsValue(number))
                .toList();
        int choice = random.nextInt(4);
        if (choice == 0 && !idle.isEmpty()) return new Change.Delete(idle.get(random.nextInt(idle.size())));
        if (choice == 1 && !state.versions().isEmpty()) {
            List<Integer> all = List.copyOf(state.versions().keySet());
            return new Change.Move(ALIASES.get(random.nextInt(ALIASES.size())), all.get(random.nextInt(all.size())));
        }
        return new Change.Upload(new PeftVersion(SOURCES.get(random.nextInt(SOURCES.size())), 1 + random.nextInt(9)));
    }

    /** Takes for true what the server shows, if it is one of the two states that may be. */
    void reconcile(SwapClient client, List<String> wrong) {
        State shown = shown(client);
        Optional<State> other = unknown.map(state::with);
        if (same(shown, state)) unknown = Optional.empty();
        else if (other.isPresent() && same(shown, other.get())) {
            state = other.get();
            unknown = Optional.empty();
        } else wrong.add(name + " shows " + shown + ", acknowledged was " + state + ", under way " + unknown);
    }

    private static boolean same(State shown, State wanted) {
        return shown.versions().keySet().equals(wanted.versions().keySet()) && shown.aliases().equals(wanted.aliases());
    }

    private State shown(SwapClient client) {
        Map<Integer, PeftVersion> versions = new TreeMap<>();
        Map<String, Integer> aliases = new TreeMap<>();
        try {
            JsonNode adapter = client.adapter(name);
            for (JsonNode version : adapter.get("versions"))
                versions.put(version.get("version").asInt(), new PeftVersion("?", 0));
            for (JsonNode alias : adapter.get("aliases"))
                aliases.put(alias.get("alias").asText(), alias.get("version").asInt());
        } catch (SwapClient.Failed absent) {
            if (absent.status != 404) throw absent;
        }
        return new State(0, versions, aliases);
    }

    /** Every version holds the bytes that were sent, serves, and every alias answers with the version it points at. */
    int proveAll(SwapClient client, List<String> wrong) {
        state.versions().forEach((number, version) -> {
            Map<String, byte[]> files = unzip(client.files(name, number));
            if (!Arrays.equals(files.get("adapter_config.json"), version.config())
                    || !Arrays.equals(files.get("adapter_model.safetensors"), version.weights()))
                wrong.add(name + "@" + number + " holds other bytes than " + version);
            answers(client, name + "@" + number, number, wrong);
        });
        state.aliases().forEach((alias, number) -> answers(client, name + "@" + alias, number, wrong));
        return state.versions().size();
    }

    private void answers(SwapClient client, String model, int number, List<String> wrong) {
        SwapClient.Answer answer = client.answer(model, 0, 1);
        if (!answer.model().equals(name + "@" + number)) wrong.add(model + " answers as " + answer);
    }

    private static Map<String, byte[]> unzip(byte[] zip) {
        Map<String, byte[]> files = new TreeMap<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry())
                files.put(entry.getName(), in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }
}
