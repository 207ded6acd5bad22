package graft.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The tensors of a folder: {@code <stem>.safetensors}, or the shards that {@code <stem>.safetensors.index.json} lists.
 * Index and shards must tell the same story; a shard is a file of the same folder, never a path. Safe from any thread.
 */
public final class ShardedTensors implements TensorFile {
    private static final long LARGEST_INDEX = 64L << 20;
    private final Map<String, Safetensors> byName;
    private final List<Safetensors> shards;

    private ShardedTensors(Map<String, Safetensors> byName, List<Safetensors> shards) {
        this.byName = Collections.unmodifiableMap(byName);
        this.shards = List.copyOf(shards);
    }

    /**
     * @param stem        {@code model} for a base model, {@code adapter_model} for an adapter
     * @param headerLimit see {@link Safetensors#open}
     * @throws InvalidTensorFileException when a file is missing, not whole, or not as the index says
     */
    public static TensorFile open(Path folder, String stem, int headerLimit) {
        return open(folder, stem, path -> Safetensors.open(path, headerLimit));
    }

    /** @param mapping how long the values can be read; closing does not end it */
    static TensorFile open(Path folder, String stem, int headerLimit, Arena mapping) {
        return open(folder, stem, path -> Safetensors.open(path, headerLimit, mapping));
    }

    private static TensorFile open(Path folder, String stem, Function<Path, Safetensors> opener) {
        Path single = folder.resolve(stem + ".safetensors");
        Path index = folder.resolve(stem + ".safetensors.index.json");
        if (Files.isRegularFile(single) && !Files.exists(index)) return opener.apply(single);
        if (!Files.isRegularFile(index)) {
            throw new InvalidTensorFileException(single.getFileName().toString(), "is missing");
        }
        return openShards(folder, index, opener);
    }

    /** The files behind a folder's tensors, in the order of their names; the index is not among them. */
    public static List<Path> files(Path folder, String stem) {
        Path index = folder.resolve(stem + ".safetensors.index.json");
        if (!Files.isRegularFile(index)) return List.of(folder.resolve(stem + ".safetensors"));
        return new TreeSet<>(readIndex(index).values()).stream().map(folder::resolve).toList();
    }

    private static TensorFile openShards(Path folder, Path index, Function<Path, Safetensors> opener) {
        String file = index.getFileName().toString();
        Map<String, String> weightMap = readIndex(index);
        Map<String, Safetensors> open = new LinkedHashMap<>();
        Map<String, Safetensors> byName = new LinkedHashMap<>();
        try {
            for (String shard : new TreeSet<>(weightMap.values())) {
                Path path = folder.resolve(shard);
                if (!Files.isRegularFile(path)) {
                    throw new InvalidTensorFileException(file, "names the shard " + shard + ", which is missing");
                }
                open.put(shard, opener.apply(path));
            }
            weightMap.forEach((tensor, shard) -> {
                if (!open.get(shard).has(tensor)) {
                    throw new InvalidTensorFileException(file, tensor, "is not in " + shard);
                }
                byName.put(tensor, open.get(shard));
            });
            open.forEach((shard, tensors) -> tensors.names().forEach(tensor -> {
                if (!shard.equals(weightMap.get(tensor))) {
                    throw new InvalidTensorFileException(shard, tensor, "is not in " + file);
                }
            }));
            return new ShardedTensors(byName, List.copyOf(open.values()));
        } catch (InvalidTensorFileException | UncheckedIOException failed) {
            open.values().forEach(Safetensors::close);
            throw failed;
        }
    }

    private static Map<String, String> readIndex(Path index) {
        String file = index.getFileName().toString();
        byte[] bytes;
        try {
            if (Files.size(index) > LARGEST_INDEX) {
                throw new InvalidTensorFileException(file, "is larger than " + LARGEST_INDEX + " bytes");
            }
            bytes = Files.readAllBytes(index);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(file + " can't be read", unreadable);
        }
        JsonFields fields = JsonFields.parse(file, bytes, message -> new InvalidTensorFileException(file, message));
        JsonFields map = fields.object("weight_map")
                .orElseThrow(() -> new InvalidTensorFileException(file, "has no weight_map"));
        Map<String, String> weightMap = new HashMap<>();
        for (String tensor : map.names()) {
            String shard = map.string(tensor).orElse("");
            if (!shard.matches("[A-Za-z0-9_][A-Za-z0-9._-]*\\.safetensors")) {
                throw new InvalidTensorFileException(file, tensor, "is said to be in "
                        + InvalidTensorFileException.printable(shard)
                        + ", which is not the plain name of a .safetensors file");
            }
            weightMap.put(tensor, shard);
        }
        return new java.util.TreeMap<>(weightMap);
    }

    @Override
    public Set<String> names() {
        return byName.keySet();
    }

    @Override
    public boolean has(String name) {
        return byName.containsKey(name);
    }

    @Override
    public TensorInfo info(String name) {
        return shard(name).info(name);
    }

    @Override
    public MemorySegment bytes(String name) {
        return shard(name).bytes(name);
    }

    @Override
    public float[] floats(String name) {
        return shard(name).floats(name);
    }

    private Safetensors shard(String name) {
        Safetensors shard = byName.get(name);
        if (shard == null) throw new IllegalArgumentException("no shard holds a tensor " + name);
        return shard;
    }

    @Override
    public void close() {
        new ArrayList<>(shards).forEach(Safetensors::close);
    }
}
