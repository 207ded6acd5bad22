package graft.weights;

import graft.weights.PeftAdapter.Replaced;
import graft.weights.PeftTensors.Name;
import graft.weights.PeftTensors.Role;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The base's own parameters that an adapter brings: whole modules (modules_to_save), trained biases (bias), and the
 * embeddings that PEFT saves along when they are targets. Each must be announced by the configuration.
 */
final class ReplacedReader {
    private static final Set<String> EMBEDDINGS = Set.of(AdapterTarget.EMBEDDING + ".weight",
            AdapterTarget.HEAD + ".weight");
    private final AdapterTarget base;
    private final AdapterConfig config;
    private final PeftTensors tensors;

    ReplacedReader(AdapterTarget base, AdapterConfig config, PeftTensors tensors) {
        this.base = base;
        this.config = config;
        this.tensors = tensors;
    }

    List<Replaced> read() {
        List<Replaced> replaced = new ArrayList<>();
        Set<String> found = new HashSet<>();
        for (Name name : tensors.plain()) {
            String parameter = name.path();
            boolean module = inSavedModule(parameter);
            boolean resaved = EMBEDDINGS.contains(parameter) && !module;
            boolean bias = config.biases() && parameter.endsWith(".bias");
            if (!module && !resaved && !bias) continue;
            List<Long> shape = base.parameter(parameter)
                    .orElseThrow(() -> PeftTensors.refused(parameter,
                    "is a parameter that the base model does not have"));
            float[] values = tensors.take(name, shape).floats();
            found.add(parameter);
            replaced.add(new Replaced(parameter, shape, values));
            if (resaved && base.tiedEmbeddings() && !tensors.plain().contains(new Name(other(parameter), Role.PLAIN))) {
                replaced.add(new Replaced(other(parameter), shape, values));
            }
        }
        proveSavedModules(found);
        return replaced;
    }

    /** PEFT wraps every module whose path ends so; its parameters are those below that path. */
    private boolean inSavedModule(String parameter) {
        return config.savedModules().stream().anyMatch(saved -> below(saved, parameter));
    }

    private static boolean below(String saved, String parameter) {
        for (int dot = parameter.indexOf('.'); dot >= 0; dot = parameter.indexOf('.', dot + 1)) {
            if (parameter.substring(0, dot).endsWith(saved)) return true;
        }
        return false;
    }

    private void proveSavedModules(Set<String> found) {
        for (String saved : config.savedModules()) {
            List<String> wanted = base.parameters().keySet().stream().filter(parameter -> below(saved, parameter))
                    .toList();
            if (wanted.isEmpty()) {
                throw new InvalidAdapterException(AdapterConfig.FILE + ": modules_to_save names "
                        + InvalidTensorFileException.printable(saved)
                        + ", which the base model does not have");
            }
            for (String parameter : wanted) {
                if (!found.contains(parameter)) {
                    throw PeftTensors.refused(parameter,
                            "is missing, though modules_to_save names " + InvalidTensorFileException.printable(saved));
                }
            }
        }
    }

    private static String other(String embedding) {
        return EMBEDDINGS.stream().filter(name -> !name.equals(embedding)).findFirst().orElseThrow();
    }
}
