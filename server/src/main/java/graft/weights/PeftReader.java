package graft.weights;

import graft.weights.AdapterTarget.Module;
import graft.weights.PeftAdapter.EmbeddingLora;
import graft.weights.PeftAdapter.LoraModule;
import graft.weights.PeftAdapter.Replaced;
import graft.weights.PeftAdapter.TrainedTokens;
import graft.weights.PeftTensors.Role;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Reads one adapter folder module by module; see {@link PeftAdapter#read}. */
final class PeftReader {
    private static final int LARGEST_CONFIG = 1 << 20;
    private static final String STEM = "adapter_model";
    static final String CHANGES_NOTHING = "every lora_B is zero: the adapter changes nothing";
    static final String OTHER_MODEL = ". Was it trained on another model?";
    private final AdapterTarget base;
    private final AdapterConfig config;
    private final PeftTensors tensors;
    private final List<String> warnings;

    private PeftReader(AdapterTarget base, AdapterConfig config, PeftTensors tensors) {
        this.base = base;
        this.config = config;
        this.tensors = tensors;
        this.warnings = new ArrayList<>(config.warnings());
    }

    static PeftAdapter read(Path folder, AdapterTarget base, PeftAdapter.Limits limits, Arena mapping) {
        boolean peft = Files.exists(folder.resolve(AdapterConfig.FILE));
        Optional<Path> gguf = peft ? Optional.empty() : GgufAdapterReader.find(folder);
        if (gguf.isPresent()) return GgufAdapterReader.read(gguf.get(), base, limits);
        AdapterConfig config = AdapterConfig.read(configBytes(folder), base, limits);
        refusePickle(folder);
        try (TensorFile file = ShardedTensors.open(folder, STEM, limits.headerBytes(), mapping)) {
            return new PeftReader(base, config, new PeftTensors(file)).read();
        } catch (InvalidTensorFileException invalid) {
            throw new InvalidAdapterException(invalid.getMessage(), invalid);
        } catch (UncheckedIOException unreadable) {
            throw new InvalidAdapterException(unreadable.getMessage(), unreadable);
        }
    }

    private static byte[] configBytes(Path folder) {
        Path file = folder.resolve(AdapterConfig.FILE);
        if (!Files.isRegularFile(file)) throw new InvalidAdapterException(AdapterConfig.FILE + " is missing");
        try {
            if (Files.size(file) > LARGEST_CONFIG) {
                throw new InvalidAdapterException(AdapterConfig.FILE + " is larger than " + LARGEST_CONFIG + " bytes");
            }
            return Files.readAllBytes(file);
        } catch (IOException unreadable) {
            throw new InvalidAdapterException(AdapterConfig.FILE + " can't be read", unreadable);
        }
    }

    private static void refusePickle(Path folder) {
        boolean safetensors = Files.exists(folder.resolve(STEM + ".safetensors"))
                || Files.exists(folder.resolve(STEM + ".safetensors.index.json"));
        if (safetensors) return;
        try (Stream<Path> files = Files.list(folder)) {
            files.map(path -> path.getFileName().toString())
                    .filter(name -> name.matches("adapter_model.*\\.(bin|pt|pth|ckpt)")).sorted().findFirst()
                    .ifPresent(name -> {
                        throw new InvalidAdapterException(name
                                + " is a pickle, which can run code and is never opened; "
                                + "save the adapter as safetensors");
                    });
        } catch (IOException unreadable) {
            throw new InvalidAdapterException("the adapter's folder can't be read", unreadable);
        }
    }

    private PeftAdapter read() {
        tensors.refuseUnknownModules(base);
        config.targets().unmatched(base).forEach(name -> warnings.add(AdapterConfig.FILE + ": target_modules names "
                + InvalidTensorFileException.printable(name) + ", which the base model does not have"));
        List<LoraModule> modules = new ArrayList<>();
        Optional<EmbeddingLora> embedding = Optional.empty();
        for (Module module : base.modules().values()) {
            if (!config.targets().selects(module) || module.perhaps() && !tensors.touches(module.path())) continue;
            if (config.addsTo(module.path() + ".weight")) continue;
            if (module.embedding()) embedding = Optional.of(embedding(module));
            else modules.add(linear(module));
        }
        modules.addAll(new ParameterTargets(base, config, tensors).read());
        Optional<TrainedTokens> tokens = trainedTokens();
        List<Replaced> replaced = new ReplacedReader(base, config, tensors).read();
        tensors.refuseUnused();
        if (modules.isEmpty() && embedding.isEmpty() && tokens.isEmpty() && replaced.isEmpty()) {
            throw new InvalidAdapterException(AdapterConfig.FILE
                    + ": target_modules selects no module of the base model" + OTHER_MODEL);
        }
        proveInvocation(embedding.isPresent() || tokens.isPresent() || !replaced.isEmpty());
        if (tokens.isEmpty() && replaced.isEmpty() && changesNothing(modules, embedding)) warnings.add(CHANGES_NOTHING);
        int rank = Math.max(modules.stream().mapToInt(LoraModule::rank).max().orElse(0),
                embedding.map(EmbeddingLora::rank).orElse(0));
        Set<String> kinds = new TreeSet<>(modules.stream().map(LoraModule::kind).toList());
        if (embedding.isPresent()) kinds.add("embed_tokens");
        return new PeftAdapter(List.copyOf(modules), embedding, replaced, tokens, config.invocationTokens(),
                List.copyOf(warnings), rank, kinds, tensors.bytes());
    }

    /** What is more than LoRA on linear modules would change tokens before the invocation too, or PEFT refuses it. */
    private void proveInvocation(boolean more) {
        if (config.invocationTokens().isEmpty()) return;
        String field = AdapterConfig.FILE + ": alora_invocation_tokens ";
        int vocabulary = base.modules().get(AdapterTarget.EMBEDDING).in();
        for (int token : config.invocationTokens()) {
            if (token < 0 || token >= vocabulary)
                throw new InvalidAdapterException(field + "holds " + token + ", the vocabulary has " + vocabulary);
        }
        if (config.dora()) throw new InvalidAdapterException(field + "together with use_dora is not supported");
        if (more) throw new InvalidAdapterException(field + "is supported with LoRA on linear modules only, "
                + "not with an embedding, modules_to_save, biases or trained tokens");
    }

    private LoraModule linear(Module module) {
        String path = module.path();
        int rank = config.rankOf(path);
        Values a = tensors.take(path, Role.A, List.of((long) rank, (long) module.in()), rankProblem(path, rank));
        Values b = tensors.take(path, Role.B, List.of((long) module.out(), (long) rank), rankProblem(path, rank));
        List<Long> outputs = List.of((long) module.out());
        Optional<float[]> magnitude = config.dora()
                ? Optional.of(tensors.take(path, Role.MAGNITUDE, outputs, "").floats()) : Optional.empty();
        Optional<float[]> bias = config.loraBias() ? Optional.of(tensors.take(path, Role.B_BIAS, outputs, "").floats())
                : Optional.empty();
        return new LoraModule(path, module.layer(), module.kind(), rank, module.in(), module.out(), a, b,
                config.scaleOf(path), magnitude, bias);
    }

    private EmbeddingLora embedding(Module module) {
        if (config.dora()) {
            throw new InvalidAdapterException(AdapterConfig.FILE + ": use_dora on an embedding is not supported");
        }
        String path = module.path();
        int rank = config.rankOf(path);
        float[] a = tensors.take(path, Role.EMBEDDING_A, List.of((long) rank, (long) module.in()),
                rankProblem(path, rank)).floats();
        float[] b = tensors.take(path, Role.EMBEDDING_B, List.of((long) module.out(), (long) rank),
                rankProblem(path, rank)).floats();
        return new EmbeddingLora(rank, module.in(), module.out(), a, b, config.scaleOf(path));
    }

    /** What to say when a tensor's rank is not the one that the configuration gives to its module. */
    private static String rankProblem(String path, int rank) {
        return AdapterConfig.FILE + " gives " + path + " the rank " + rank;
    }

    private Optional<TrainedTokens> trainedTokens() {
        Optional<TrainedTokens> trained = Optional.empty();
        for (var entry : config.tokenIndices().entrySet()) {
            if (!AdapterTarget.EMBEDDING.endsWith(entry.getKey())) {
                throw new InvalidAdapterException(AdapterConfig.FILE + ": trainable_token_indices for "
                        + entry.getKey() + " are not supported, only for embed_tokens");
            }
            Module embedding = base.modules().get(AdapterTarget.EMBEDDING);
            List<Integer> tokens = entry.getValue();
            for (int token : tokens) {
                if (token < 0 || token >= embedding.in()) {
                    throw new InvalidAdapterException(AdapterConfig.FILE + ": trainable_token_indices holds " + token
                            + ", the vocabulary has " + embedding.in());
                }
            }
            float[] rows = tensors.take(AdapterTarget.EMBEDDING, Role.TRAINED_TOKENS,
                    List.of((long) tokens.size(), (long) embedding.out()), "").floats();
            trained = Optional.of(new TrainedTokens(tokens, rows, base.tiedEmbeddings()));
        }
        return trained;
    }

    /** Whether LoRA's own tensors leave every output as it is. */
    static boolean changesNothing(List<LoraModule> modules, Optional<EmbeddingLora> embedding) {
        return embedding.map(lora -> allZero(lora.b())).orElse(true) && modules.stream().allMatch(module ->
                module.b().allZero() && module.magnitude().isEmpty()
                        && module.bias().map(PeftReader::allZero).orElse(true));
    }

    private static boolean allZero(float[] values) {
        for (float value : values) {
            if (value != 0) return false;
        }
        return true;
    }
}
