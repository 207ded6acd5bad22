package graft.weights;

import graft.weights.pattern.Steps;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which modules of a base an adapter wraps, decided as PEFT's check_target_module_exists decides it: target_modules as
 * names, expression or "all-linear", less exclude_modules and modules_to_save, within layers_to_transform.
 */
final class ModuleSelection {
    private final Set<String> names;
    private final Optional<PythonPattern> expression;
    private final boolean allLinear;
    private final Set<String> excludedNames;
    private final Optional<PythonPattern> excludedExpression;
    private final List<PythonPattern> saved;
    private final Optional<Set<Integer>> layers;
    private final List<PythonPattern> layerPatterns;

    private ModuleSelection(JsonFields fields, Steps steps) {
        Object targets = fields.value("target_modules")
                .or(() -> fields.value("target_parameters").map(_ -> List.of()))
                .orElseThrow(() -> fields.missing("target_modules"));
        Optional<String> text = targets instanceof String ? fields.string("target_modules") : Optional.empty();
        allLinear = text.map(String::toLowerCase).filter("all-linear"::equals).isPresent();
        expression = text.filter(_ -> !allLinear)
                .map(given -> new PythonPattern("target_modules", given, steps));
        names = text.isPresent() ? Set.of() : Set.copyOf(fields.strings("target_modules").orElse(List.of()));
        boolean excludesByText = fields.value("exclude_modules").filter(String.class::isInstance).isPresent();
        excludedExpression = excludesByText ? fields.string("exclude_modules").filter(given -> !given.isEmpty())
                .map(given -> new PythonPattern("exclude_modules", given, steps)) : Optional.empty();
        excludedNames = excludesByText ? Set.of() : Set.copyOf(fields.strings("exclude_modules").orElse(List.of()));
        saved = fields.strings("modules_to_save").orElse(List.of()).stream()
                .map(name -> new PythonPattern("modules_to_save", "(^|.*\\.)" + name + "($|\\..*)",
                steps)).toList();
        layers = layers(fields);
        layerPatterns = layerPatterns(fields, steps);
        if (layers.isPresent() && expression.isPresent()) {
            throw fields.refused("layers_to_transform", "can't go with a target_modules that is an expression");
        }
    }

    static ModuleSelection read(JsonFields fields, Steps steps) {
        return new ModuleSelection(fields, steps);
    }

    private static Optional<Set<Integer>> layers(JsonFields fields) {
        if (!fields.has("layers_to_transform")) return Optional.empty();
        Set<Integer> layers = fields.value("layers_to_transform").orElseThrow() instanceof List<?>
                ? fields.integers("layers_to_transform").orElseThrow().stream().collect(Collectors.toSet())
                : Set.of(fields.integer("layers_to_transform"));
        return Optional.of(layers).filter(some -> !some.isEmpty());
    }

    private static List<PythonPattern> layerPatterns(JsonFields fields, Steps steps) {
        List<String> names = fields.value("layers_pattern").orElse(List.of()) instanceof String
                ? List.of(fields.string("layers_pattern").orElseThrow()).stream().filter(name -> !name.isEmpty())
                .toList()
                : fields.strings("layers_pattern").orElse(List.of());
        if (names.isEmpty()) {
            return List.of(new PythonPattern("layers_pattern", "(.*?)\\.[^.]*\\.(\\d+)\\.", steps));
        }
        return names.stream().map(name ->
                new PythonPattern("layers_pattern", "(^|.*?\\.)(?:" + name + ")\\.(\\d+)\\.", steps))
                .toList();
    }

    boolean selects(AdapterTarget.Module module) {
        String path = module.path();
        if (named(excludedNames, path) || excludedExpression.filter(given -> given.matchesAll(path)).isPresent()) {
            return false;
        }
        if (saved.stream().anyMatch(pattern -> pattern.matchesStart(path))) return false;
        if (allLinear) return !module.embedding() && !path.equals(AdapterTarget.HEAD) && inLayers(path);
        return expression.map(given -> given.matchesAll(path))
                .orElseGet(() -> named(names, path) && (names.contains(path) || inLayers(path)));
    }

    private static boolean named(Set<String> names, String path) {
        return names.contains(path) || names.stream().anyMatch(name -> path.endsWith("." + name));
    }

    private boolean inLayers(String path) {
        if (layers.isEmpty()) return true;
        return layerPatterns.stream().map(pattern -> pattern.groupOfStart(path, 2)).filter(index -> !index.isEmpty())
                .findFirst()
                .filter(index -> index.length() < 6 && layers.get().contains(Integer.parseInt(index))).isPresent();
    }

    /**
     * The entries of target_modules that name no module of the base; PEFT lets them pass, and so do we with a warning.
     */
    List<String> unmatched(AdapterTarget base) {
        return names.stream().filter(name ->
                base.modules().keySet().stream().noneMatch(path -> named(Set.of(name), path))).sorted().toList();
    }
}
