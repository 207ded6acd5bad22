package graft.generation;

import graft.generation.grammar.Grammar;
import graft.generation.grammar.Grammars;
import graft.generation.grammar.InvalidSchemaException;
import graft.generation.grammar.Shape;
import graft.generation.tools.Dialect;
import graft.generation.tools.Tool;
import graft.generation.tools.ToolUse;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** What one model's answers are held to: a format, calls, or both. Safe from any thread. */
final class Held {
    private final Dialect dialect;
    private final Grammars grammars;

    Held(Dialect dialect, Grammars grammars) {
        this.dialect = dialect;
        this.grammars = grammars;
    }

    /**
     * A function that is not strict may have a schema that can't be held to: its arguments are then any object. A wrong
     * schema is refused whatever its function is.
     *
     * @return empty where the model may say anything
     * @throws Prompts.RefusedException naming the field
     */
    Optional<Grammar> grammar(Optional<GenerationRequest.Format> format, Optional<ToolUse> tools) {
        if (tools.isEmpty()) return format.map(one -> compiled(new Shape.Json(one.schema()), one.param()));
        Set<String> holdable = new HashSet<>();
        for (int i = 0; i < tools.get().tools().size(); i++)
            if (holdable(tools.get().tools().get(i), i)) holdable.add(tools.get().tools().get(i).name());
        format.ifPresent(one -> check(one.schema(), one.param()).ifPresent(why -> {
            throw refused(one.param(), why);
        }));
        return dialect.shape(tools.get(), format.map(GenerationRequest.Format::schema), tool ->
                holdable.contains(tool.name()) && (tool.strict() || tools.get().must()))
                .map(shape -> compiled(shape, "tools"));
    }

    private boolean holdable(Tool tool, int index) {
        String param = "tools[" + index + "].function.parameters";
        Optional<String> why = check(tool.schema(), param);
        if (why.isPresent() && tool.strict()) throw refused(param, why.get());
        return why.isEmpty();
    }

    private Optional<String> check(Object schema, String param) {
        try {
            return grammars.unsupported(schema);
        } catch (InvalidSchemaException e) {
            throw refused(param, e.getMessage());
        }
    }

    private Grammar compiled(Shape shape, String param) {
        try {
            return grammars.of(shape);
        } catch (InvalidSchemaException e) {
            throw refused(param, e.getMessage());
        }
    }

    private static Prompts.RefusedException refused(String param, String why) {
        return new Prompts.RefusedException(new Outcome.Invalid(param, why));
    }
}
