package graft.weights;

import graft.weights.AdapterTarget.Module;
import graft.weights.ModelConfig.Architecture;
import graft.weights.PeftAdapter.EmbeddingLora;
import graft.weights.PeftAdapter.LoraModule;
import graft.weights.TensorFile.TensorInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A LoRA in llama.cpp's GGUF form (convert_lora_to_gguf.py): tensors {@code <base tensor>.lora_a} and {@code .lora_b},
 * one alpha for all, the effect scaled by alpha / rank. B's rows of the llama architecture's q and k are permuted as
 * the base's are; here that is undone.
 */
final class GgufAdapterReader {
    private static final String A = ".lora_a";
    private static final String B = ".lora_b";
    private static final String WEIGHT = ".weight";
    private static final String ALPHA = "adapter.lora.alpha";
    private static final String INVOCATION = "adapter.alora.invocation_tokens";
    private static final Set<String> READ = Set.of("adapter.type", ALPHA, INVOCATION, "adapter.lora.task_name");
    private final String file;
    private final MemorySegment whole;
    private final GgufHeader.Contents contents;
    private final AdapterTarget base;
    private final PeftAdapter.Limits limits;
    private final Set<String> used = new HashSet<>();

    private GgufAdapterReader(String file, MemorySegment whole, AdapterTarget base, PeftAdapter.Limits limits) {
        this.file = file;
        this.whole = whole;
        this.base = base;
        this.limits = limits;
        this.contents = GgufHeader.read(file, whole, limits.headerBytes());
    }

    /** The only .gguf file of a folder; empty where there is none. */
    static Optional<Path> find(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.filter(path -> path.getFileName().toString().endsWith(".gguf")).toList();
            if (found.size() > 1) {
                throw new InvalidAdapterException("the adapter has " + found.size() + " .gguf files, one is possible");
            }
            return found.stream().findFirst();
        } catch (IOException unreadable) {
            throw new InvalidAdapterException("the adapter's folder can't be read", unreadable);
        }
    }

    static PeftAdapter read(Path path, AdapterTarget base, PeftAdapter.Limits limits) {
        String file = path.getFileName().toString();
        try (Arena arena = Arena.ofConfined(); FileChannel channel = FileChannel.open(path)) {
            MemorySegment whole = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new GgufAdapterReader(file, whole, base, limits).read();
        } catch (InvalidTensorFileException invalid) {
            throw new InvalidAdapterException(invalid.getMessage(), invalid);
        } catch (IOException unreadable) {
            throw new InvalidAdapterException(file + " can't be read", unreadable);
        }
    }

    private PeftAdapter read() {
        GgufMetadata metadata = contents.metadata();
        proveKind(metadata);
        double alpha = metadata.number(ALPHA).orElseThrow(() -> metadata.missing(ALPHA));
        if (!Double.isFinite(alpha)) throw metadata.refused(ALPHA, "is not a finite number");
        List<LoraModule> modules = new ArrayList<>();
        Optional<EmbeddingLora> embedding = Optional.empty();
        for (Map.Entry<String, Module> found : touched().entrySet()) {
            Module module = found.getValue();
            if (module.embedding()) embedding = Optional.of(embedding(found.getKey(), module, alpha));
            else modules.add(linear(found.getKey(), module, alpha));
        }
        if (used.isEmpty()) throw new InvalidAdapterException(file + " holds no tensors");
        int rank = Math.max(modules.stream().mapToInt(LoraModule::rank).max().orElse(0),
                embedding.map(EmbeddingLora::rank).orElse(0));
        Set<String> kinds = new TreeSet<>(modules.stream().map(LoraModule::kind).toList());
        if (embedding.isPresent()) kinds.add("embed_tokens");
        long bytes = contents.tensors().values().stream().mapToLong(GgufHeader.Entry::length).sum();
        List<String> warnings = PeftReader.changesNothing(modules, embedding)
                ? List.of(PeftReader.CHANGES_NOTHING) : List.of();
        return new PeftAdapter(List.copyOf(modules), embedding, List.of(), Optional.empty(), invocation(metadata),
                warnings, rank, kinds, bytes);
    }

    private List<Integer> invocation(GgufMetadata metadata) {
        long[] tokens = metadata.integers(INVOCATION).orElse(new long[0]);
        if (Arrays.stream(tokens).anyMatch(token -> token < 0 || token >= base.config().vocabularySize())) {
            throw metadata.refused(INVOCATION, "holds a token that the base model does not have");
        }
        return Arrays.stream(tokens).mapToObj(Math::toIntExact).toList();
    }

    private void proveKind(GgufMetadata metadata) {
        if (!metadata.string("general.type").orElse("model").equals("adapter")) {
            throw metadata.refused("general.type", "is not adapter: this is a model and not a LoRA");
        }
        if (!metadata.string("adapter.type").orElse("").equals("lora")) {
            throw metadata.refused("adapter.type", "is not lora");
        }
        for (String key : metadata.keys()) {
            if (key.startsWith("adapter.") && !READ.contains(key)) throw metadata.refused(key, "is not supported");
        }
        Architecture architecture = base.config().architecture();
        String wanted = architecture == Architecture.MISTRAL ? Architecture.LLAMA.modelType()
                : architecture.modelType();
        if (!metadata.string("general.architecture").orElse("").equals(wanted)) {
            throw metadata.refused("general.architecture", "is not the base model's, which is " + wanted);
        }
    }

    /** Modules by the GGUF name of the tensor that LoRA changes, in the base's order. */
    private Map<String, Module> touched() {
        Map<String, String> ggufNames = new HashMap<>();
        for (String name : contents.tensors().keySet()) {
            if (!name.endsWith(A) && !name.endsWith(B)) throw refused(name, "is not a tensor of a LoRA");
            String ggufName = name.substring(0, name.length() - A.length());
            String path = GgufNames.huggingFace(ggufName).filter(parameter -> parameter.endsWith(WEIGHT))
                    .map(parameter -> parameter.substring(0, parameter.length() - WEIGHT.length()))
                    .filter(base.modules()::containsKey).orElseThrow(() -> refused(name,
                            "belongs to a module that the base model does not have" + PeftReader.OTHER_MODEL));
            ggufNames.put(path, ggufName);
        }
        Map<String, Module> ordered = new LinkedHashMap<>();
        base.modules().forEach((path, module) -> {
            if (ggufNames.containsKey(path)) ordered.put(ggufNames.get(path), module);
        });
        return ordered;
    }

    private LoraModule linear(String ggufName, Module module, double alpha) {
        int rank = rank(ggufName + A, 0);
        float[] a = take(ggufName + A, List.of((long) rank, (long) module.in()));
        float[] b = take(ggufName + B, List.of((long) module.out(), (long) rank));
        return new LoraModule(module.path(), module.layer(), module.kind(), rank, module.in(), module.out(),
                Values.of(a), Values.of(inHuggingFaceOrder(module, b, rank)), scale(alpha, rank), Optional.empty(),
                Optional.empty());
    }

    /** The converter stores the embedding's A by token, so that rows can be looked up. */
    private EmbeddingLora embedding(String ggufName, Module module, double alpha) {
        int rank = rank(ggufName + A, 1);
        float[] byToken = take(ggufName + A, List.of((long) module.in(), (long) rank));
        float[] b = take(ggufName + B, List.of((long) module.out(), (long) rank));
        float[] a = new float[byToken.length];
        for (int i = 0; i < a.length; i++) a[i % rank * module.in() + i / rank] = byToken[i];
        return new EmbeddingLora(rank, module.in(), module.out(), a, b, scale(alpha, rank));
    }

    /** No alpha means no scaling, as in llama.cpp. */
    private static double scale(double alpha, int rank) {
        return alpha == 0 ? 1 : alpha / rank;
    }

    private int rank(String name, int dimension) {
        TensorInfo info = entry(name).info();
        if (info.shape().size() != 2) throw refused(name, "is not a matrix");
        long rank = info.shape().get(dimension);
        if (rank > limits.maxRank()) {
            throw refused(name, "has the rank " + rank + ", more than this server allows: adapters.max-rank is "
                    + limits.maxRank());
        }
        return (int) rank;
    }

    private float[] take(String name, List<Long> shape) {
        GgufHeader.Entry entry = entry(name);
        if (!entry.info().shape().equals(shape)) {
            throw refused(name, "is " + PeftTensors.dimensions(entry.info().shape()) + ", the base model wants "
                    + PeftTensors.dimensions(shape) + PeftReader.OTHER_MODEL);
        }
        used.add(name);
        MemorySegment stored = whole.asSlice(contents.dataOffset() + entry.begin(), entry.length());
        int elements = Math.toIntExact(entry.info().elements());
        float[] values = Elements.floats(entry.info().type(), stored, elements);
        PeftTensors.finite(file, name, Values.of(values));
        return values;
    }

    private GgufHeader.Entry entry(String name) {
        return Optional.ofNullable(contents.tensors().get(name)).orElseThrow(() -> refused(name, "is missing"));
    }

    private float[] inHuggingFaceOrder(Module module, float[] b, int rank) {
        Architecture architecture = base.config().architecture();
        boolean permuted = (architecture == Architecture.LLAMA || architecture == Architecture.MISTRAL)
                && (module.kind().equals("q_proj") || module.kind().equals("k_proj"));
        if (!permuted) return b;
        float[] ordered = new float[b.length];
        int half = base.config().attention().headDim() / 2;
        for (int row = 0; row < module.out(); row++) {
            System.arraycopy(b, (int) Gguf.sourceRow(row, half) * rank, ordered, row * rank, rank);
        }
        return ordered;
    }

    private InvalidAdapterException refused(String name, String reason) {
        return PeftTensors.refused(file, name, reason);
    }
}
