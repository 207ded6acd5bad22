package graft.generation.tools;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The functions of one request and what is to become of them. Immutable.
 *
 * @param tools    that the model is told of; at least one
 * @param callable those of them that it may call
 * @param must     whether the answer is a call, not a text
 * @param parallel whether an answer may make several calls
 */
public record ToolUse(List<Tool> tools, List<Tool> callable, boolean must, boolean parallel) {
    public ToolUse {
        tools = List.copyOf(tools);
        callable = List.copyOf(callable);
        if (callable.isEmpty()) throw new IllegalArgumentException("no tool may be called");
    }

    /** What {@code tool_choice} says. */
    private record Chosen(boolean none, boolean must, Optional<Set<String>> names) {}

    /**
     * Reads OpenAI's fields.
     *
     * @param tools    a list of maps, or null
     * @param choice   {@code none}, {@code auto}, {@code required}, a named function, allowed tools, or null
     * @param parallel null means true
     * @return empty where no function may be called
     * @throws InvalidToolsException naming the field
     */
    public static Optional<ToolUse> of(Object tools, Object choice, Boolean parallel, int mostTools) {
        if (tools != null && !(tools instanceof List<?>))
            throw new InvalidToolsException("tools", "'tools' must be a list.");
        List<Tool> all = new ArrayList<>();
        Set<String> names = new HashSet<>();
        List<?> given = tools == null ? List.of() : (List<?>) tools;
        if (given.size() > mostTools) throw new InvalidToolsException("tools", "A request may have at most "
                + mostTools + " tools.");
        for (Object one : given) {
            String at = "tools[" + all.size() + "]";
            Tool tool = Tool.of(one, at);
            if (!names.add(tool.name())) throw new InvalidToolsException(at + ".function.name",
                    "Two tools are named '" + tool.name() + "'.");
            all.add(tool);
        }
        Chosen chosen = chosen(choice);
        if (all.isEmpty() && (chosen.must || chosen.names.isPresent()))
            throw new InvalidToolsException("tool_choice", "'tool_choice' needs 'tools' to choose from.");
        chosen.names.ifPresent(wanted -> wanted.stream().filter(name -> !names.contains(name)).findFirst()
                .ifPresent(name -> {
                    throw new InvalidToolsException("tool_choice", "'tool_choice' names '" + name
                            + "', which is not among the tools.");
                }));
        if (all.isEmpty() || chosen.none) return Optional.empty();
        List<Tool> callable = all.stream().filter(tool -> chosen.names.map(some -> some.contains(tool.name()))
                .orElse(true)).toList();
        return Optional.of(new ToolUse(all, callable, chosen.must, !Boolean.FALSE.equals(parallel)));
    }

    private static Chosen chosen(Object choice) {
        return switch (choice) {
            case null -> new Chosen(false, false, Optional.empty());
            case String word -> switch (word) {
                case "none" -> new Chosen(true, false, Optional.empty());
                case "auto" -> new Chosen(false, false, Optional.empty());
                case "required" -> new Chosen(false, true, Optional.empty());
                default -> throw wrong();
            };
            case Map<?, ?> map when "function".equals(map.get("type")) ->
                    new Chosen(false, true, Optional.of(Set.of(named(map))));
            case Map<?, ?> map when "allowed_tools".equals(map.get("type")) -> allowed(map.get("allowed_tools"));
            default -> throw wrong();
        };
    }

    private static Chosen allowed(Object given) {
        if (!(given instanceof Map<?, ?> map) || !(map.get("tools") instanceof List<?> some) || some.isEmpty()
                || !("auto".equals(map.get("mode")) || "required".equals(map.get("mode")))) throw wrong();
        Set<String> names = new HashSet<>();
        for (Object one : some) names.add(named(one));
        return new Chosen(false, "required".equals(map.get("mode")), Optional.of(names));
    }

    private static String named(Object given) {
        if (given instanceof Map<?, ?> map && "function".equals(map.get("type"))
                && map.get("function") instanceof Map<?, ?> function && function.get("name") instanceof String name)
            return name;
        throw wrong();
    }

    private static InvalidToolsException wrong() {
        return new InvalidToolsException("tool_choice", "'tool_choice' must be none, auto, required, a function by its"
                + " name, or allowed_tools with a mode and functions.");
    }

    boolean mayCall(String name) {
        return callable.stream().anyMatch(tool -> tool.name().equals(name));
    }
}
