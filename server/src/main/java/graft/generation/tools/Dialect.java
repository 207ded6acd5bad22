package graft.generation.tools;

import graft.generation.grammar.Shape;
import graft.tokens.Detokenizer;
import graft.tokens.Tokenizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How one base model is told of functions and how it calls them: seen from its template and its special tokens.
 * Immutable, safe from any thread.
 */
public final class Dialect {
    private static final Pattern TAG = Pattern.compile("\\{[{%](.*?)[%}]\\}", Pattern.DOTALL);
    private static final Pattern LITERAL = Pattern.compile("'[^']*'|\"[^\"]*\"");
    private static final Pattern TOOLS = Pattern.compile("(?<![.\\w])tools\\b");
    private static final Pattern CALLS = Pattern.compile("\\btool_calls\\b");
    private final ToolFormat format;
    private final boolean showsTools;
    private final boolean showsCalls;
    /** Special tokens of the format, which a tokeniser leaves out of texts, and what they are called. */
    private final Map<Integer, String> marks;

    private Dialect(ToolFormat format, boolean showsTools, boolean showsCalls, Map<Integer, String> marks) {
        this.format = Objects.requireNonNull(format);
        this.showsTools = showsTools;
        this.showsCalls = showsCalls;
        this.marks = Map.copyOf(marks);
    }

    /**
     * @param wanted   the format, if it is set
     * @param template source of the model's chat template
     */
    public static Dialect of(Optional<ToolFormat> wanted, Optional<String> template, Tokenizer tokenizer) {
        String source = template.orElse("");
        ToolFormat format = wanted.or(() -> byTemplate(source)).or(() -> byTokens(tokenizer)).orElse(ToolFormat.HERMES);
        Map<Integer, String> marks = new HashMap<>();
        for (String mark : format.marks()) {
            int[] ids = tokenizer.encode(mark, false);
            if (ids.length == 1 && tokenizer.decode(ids).isEmpty()) marks.put(ids[0], mark);
        }
        boolean asTrained = wanted.isEmpty() || byTemplate(source).filter(wanted.get()::equals).isPresent();
        return new Dialect(format, asTrained && reads(source, TOOLS), asTrained && reads(source, CALLS), marks);
    }

    private static Optional<ToolFormat> byTemplate(String source) {
        if (source.contains("[TOOL_CALLS]")) return Optional.of(ToolFormat.MISTRAL);
        if (source.contains("<｜tool▁calls▁begin｜>"))
            return Optional.of(source.contains("```json") || source.contains("```' + 'json") ? ToolFormat.DEEPSEEK
                    : ToolFormat.DEEPSEEK_V31);
        if (source.contains("<tool_call>")) return Optional.of(ToolFormat.HERMES);
        return source.contains("<|python_tag|>") || source.contains("ipython") ? Optional.of(ToolFormat.LLAMA3)
                : Optional.empty();
    }

    private static Optional<ToolFormat> byTokens(Tokenizer tokenizer) {
        for (ToolFormat format : List.of(ToolFormat.MISTRAL, ToolFormat.DEEPSEEK, ToolFormat.HERMES,
                ToolFormat.LLAMA3)) {
            if (tokenizer.encode(format.opening(), false).length == 1) return Optional.of(format);
        }
        return Optional.empty();
    }

    /** Whether a template's code, not its texts, names a variable. */
    private static boolean reads(String source, Pattern name) {
        Matcher tags = TAG.matcher(source);
        while (tags.find()) {
            String code = tags.group(1);
            boolean indexed = name == CALLS && CALLS.matcher(code).find();
            if (indexed || name.matcher(LITERAL.matcher(code).replaceAll("''")).find()) return true;
        }
        return false;
    }

    public ToolFormat format() {
        return format;
    }

    /** Whether the template shows tools by itself. */
    boolean showsTools() {
        return showsTools;
    }

    /** Whether the template shows calls and their results by itself. */
    boolean showsCalls() {
        return showsCalls;
    }

    /** Special tokens that a held answer may have. */
    public Set<Integer> marks() {
        return marks.keySet();
    }

    /** The same stream, in which the format's special tokens are texts. */
    public Detokenizer marked(Detokenizer plain) {
        return marks.isEmpty() ? plain : new MarkedDetokenizer(plain, marks);
    }

    /** @param tools whose calls are told from texts */
    public CallReader reader(ToolUse tools) {
        return new CallReader(format, tools);
    }

    /** Messages as the template takes them: the first of these that it renders. */
    public List<List<Map<String, Object>>> messages(List<Map<String, Object>> messages, Optional<ToolUse> tools) {
        return new ToolPrompt(this).variants(messages, tools);
    }

    /** The template's variable {@code tools}; empty where it has none, or reads none. */
    public Optional<List<Map<String, Object>>> variable(Optional<ToolUse> tools) {
        if (!showsTools || tools.isEmpty()) return Optional.empty();
        List<Map<String, Object>> wires = new ArrayList<>();
        for (Tool tool : tools.get().tools()) wires.add(tool.wire());
        return Optional.of(wires);
    }

    /**
     * What an answer is held to.
     *
     * @param text the schema of an answer that is no call, if it has one
     * @param held functions whose arguments are held to their schema; those of the others are any object
     * @return empty where the model may say anything
     */
    public Optional<Shape> shape(ToolUse tools, Optional<Object> text, Predicate<Tool> held) {
        return new ToolShapes(format).of(tools, text, held);
    }
}
