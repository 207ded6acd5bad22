package graft.generation.tools;

import graft.generation.grammar.Grammars;
import graft.generation.grammar.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Answers of one format that are calls, or may be. */
final class ToolShapes {
    /** What may not begin a text of Llama's, where a brace is the beginning of a call. */
    private static final String BRACE = "{ \t\r\n";
    private final ToolFormat format;
    private final Writing writing;

    /**
     * How calls are put together: an answer of two is opening, lead, call, between, call, close.
     *
     * @param before what stands before a function's name
     * @param behind what stands between its name and its arguments
     */
    private record Writing(String opening, String lead, String before, String behind, String end, String between,
            String close) {}

    ToolShapes(ToolFormat format) {
        this.format = format;
        String name = "{\"name\": \"";
        String arguments = "\", \"" + format.argumentsKey() + "\": ";
        String open = format.opening();
        List<String> marks = format.marks();
        writing = switch (format) {
            case HERMES -> new Writing(open, "\n", name, arguments, "}\n</tool_call>", "\n<tool_call>\n", "");
            case LLAMA3 -> new Writing("", "", name, arguments, "}", "", "");
            case MISTRAL -> new Writing(open, "[", name, arguments, "}", ", ", "]");
            case DEEPSEEK -> new Writing(open, marks.get(1), "function" + marks.get(2), "\n```json\n",
                    "\n```" + marks.get(3), "\n" + marks.get(1), marks.get(4));
            case DEEPSEEK_V31 -> new Writing(open, marks.get(1), "", marks.get(2), marks.get(3), marks.get(1),
                    marks.get(4));
        };
    }

    /** @see Dialect#shape */
    Optional<Shape> of(ToolUse tools, Optional<Object> text, Predicate<Tool> held) {
        List<Shape> calls = new ArrayList<>();
        for (Tool tool : tools.callable()) {
            Object schema = held.test(tool) ? tool.schema() : Grammars.ANY_OBJECT;
            calls.add(Shape.InTurn.of(new Shape.Text(writing.before + tool.name() + writing.behind),
                    new Shape.Json(schema), new Shape.Text(writing.end)));
        }
        Shape behind = behindOpening(new Shape.OneOf(calls), tools.parallel());
        Shape must = writing.opening.isEmpty() ? behind : Shape.InTurn.of(new Shape.Text(writing.opening), behind);
        if (tools.must()) return Optional.of(must);
        if (text.isPresent()) return Optional.of(new Shape.OneOf(List.of(new Shape.Json(text.get()), must)));
        if (tools.parallel() && tools.callable().stream().noneMatch(Tool::strict)) return Optional.empty();
        return Optional.of(format != ToolFormat.LLAMA3 ? new Shape.Free(writing.opening, "", behind)
                : new Shape.OneOf(List.of(must, new Shape.Free(format.opening(), BRACE, behind))));
    }

    /** Calls as the model would have written them. */
    String written(List<Written> calls) {
        StringBuilder text = new StringBuilder(writing.opening).append(writing.lead);
        String between = writing.between.isEmpty() ? "\n" : writing.between;
        for (int i = 0; i < calls.size(); i++) {
            text.append(i == 0 ? "" : between).append(writing.before).append(calls.get(i).name())
                    .append(writing.behind).append(calls.get(i).arguments()).append(writing.end);
        }
        return text.append(writing.close).toString();
    }

    /** @param arguments as JSON text */
    record Written(String name, String arguments) {}

    private Shape behindOpening(Shape call, boolean parallel) {
        List<Shape> parts = new ArrayList<>();
        if (!writing.lead.isEmpty()) parts.add(new Shape.Text(writing.lead));
        parts.add(parallel && !writing.between.isEmpty() ? new Shape.Repeated(call, writing.between) : call);
        if (!writing.close.isEmpty()) parts.add(new Shape.Text(writing.close));
        return new Shape.InTurn(parts);
    }
}
