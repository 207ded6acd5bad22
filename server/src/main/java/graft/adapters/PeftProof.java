package graft.adapters;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import graft.engine.Workers;
import graft.weights.AdapterTarget;
import graft.weights.InvalidAdapterException;
import graft.weights.ModelConfig;
import graft.weights.PeftAdapter;
import graft.weights.ShardedTensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Proof by reading the adapter exactly as the engine will. One at a time in the whole process, because a proof looks at
 * every value and holds those of replaced weights in memory. Any thread may call; others wait.
 */
public final class PeftProof implements AdapterProof {
    private static final Workers ONE_AT_A_TIME = new Workers("adapter-proof", 1, Workers.BEHIND);
    private static final int MOST_TRAINED_TOKENS = 16;
    private final String baseId;
    private final AdapterTarget target;
    private final PeftAdapter.Limits limits;

    /** @throws InvalidAdapterException for an architecture that takes no adapters */
    public PeftProof(String baseId, ModelConfig config, PeftAdapter.Limits limits) {
        this.baseId = baseId;
        this.target = AdapterTarget.of(config);
        this.limits = limits;
    }

    @Override
    public Proved prove(Path folder) {
        return ONE_AT_A_TIME.call(() -> proved(folder));
    }

    private Proved proved(Path folder) {
        try (Arena mapping = Arena.ofConfined()) {
            PeftAdapter adapter = PeftAdapter.read(folder, target, limits, mapping);
            refuseUnread(folder);
            List<String> warnings = new ArrayList<>(adapter.warnings());
            otherBase(folder).ifPresent(other -> warnings.add("adapter_config.json names the base model '" + other
                    + "'; it was proved against '" + baseId + "'. They fit, but need not be the same model."));
            List<Integer> tokens = new ArrayList<>();
            adapter.trainedTokens().ifPresent(trained -> trained.tokens().stream().limit(MOST_TRAINED_TOKENS)
                    .forEach(tokens::add));
            tokens.addAll(adapter.invocationTokens());
            return new Proved(adapter.rank(), adapter.targetModules().stream().sorted().toList(), warnings, tokens);
        } catch (InvalidAdapterException e) {
            throw RefusedUploadException.faulty(e.getMessage());
        }
    }

    /** What is read off an adapter that was proved before; in turn with the proofs, because it takes as much memory. */
    <T> T read(Path folder, Function<PeftAdapter, T> look) {
        return ONE_AT_A_TIME.call(() -> {
            try (Arena mapping = Arena.ofConfined()) {
                return look.apply(PeftAdapter.read(folder, target, limits, mapping));
            }
        });
    }

    /** Weights that nothing names would be kept and never used. */
    private static void refuseUnread(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            List<String> all = files.map(file -> file.getFileName().toString()).sorted().toList();
            if (all.stream().anyMatch(name -> name.endsWith(".gguf"))) return;
            Set<String> read = ShardedTensors.files(folder, "adapter_model").stream()
                    .map(file -> file.getFileName().toString()).collect(Collectors.toSet());
            all.stream().filter(name -> name.endsWith(".safetensors") && !read.contains(name)).findFirst()
                    .ifPresent(name -> {
                        throw RefusedUploadException.faulty(name + " is named by no "
                                + "adapter_model.safetensors.index.json, so nothing would use its tensors.");
                    });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The base that the adapter says it is for, where that is not the name of ours. */
    private Optional<String> otherBase(Path folder) {
        if (!Files.exists(folder.resolve("adapter_config.json"))) return Optional.empty(); // a GGUF
        try (JsonParser json = new JsonFactory().createParser(folder.resolve("adapter_config.json").toFile())) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                JsonToken value = json.nextToken();
                if (field.equals("base_model_name_or_path") && value == JsonToken.VALUE_STRING)
                    return Optional.of(json.getText()).filter(named -> !sameName(named));
                json.skipChildren();
            }
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Folders and hub names end in the model's own name; quantised copies add to it. */
    private boolean sameName(String named) {
        String last = UploadedFile.lastStep(named.replaceAll("[/\\\\]+$", "")).toLowerCase(Locale.ROOT);
        String ours = baseId.toLowerCase(Locale.ROOT);
        return last.isEmpty() || last.startsWith(ours) || ours.startsWith(last);
    }
}
