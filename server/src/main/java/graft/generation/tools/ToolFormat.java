package graft.generation.tools;

import java.util.List;
import java.util.Optional;

/**
 * How a family of models writes a call. {@link CallReader} reads it, {@link ToolShapes} holds an answer to it,
 * {@link ToolPrompt} describes it to models whose template does not.
 */
public enum ToolFormat {
    /** Qwen 2.5 and 3, Hermes, and whatever has no format of its own. */
    HERMES("hermes", "<tool_call>", "</tool_call>"),
    /** Llama 3.1 to 3.3: the answer is the call, with or without the mark. */
    LLAMA3("llama3", "<|python_tag|>"),
    /** DeepSeek V3 and R1: arguments in a fence of Markdown. */
    DEEPSEEK("deepseek", "<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>",
            "<｜tool▁calls▁end｜>"),
    /** DeepSeek V3.1: the same marks, bare arguments. */
    DEEPSEEK_V31("deepseek-v3.1", "<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>",
            "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>"),
    /** Mistral and Mixtral up to version 3 of their tokeniser: a list of calls. */
    MISTRAL("mistral", "[TOOL_CALLS]");

    private final String word;
    private final List<String> marks;

    ToolFormat(String word, String... marks) {
        this.word = word;
        this.marks = List.of(marks);
    }

    /** As written in settings. */
    public String word() {
        return word;
    }

    public static Optional<ToolFormat> of(String word) {
        return List.of(values()).stream().filter(format -> format.word.equals(word)).findFirst();
    }

    /** Texts of the format that may be tokens of their own; the first one begins a call. */
    List<String> marks() {
        return marks;
    }

    String opening() {
        return marks.getFirst();
    }

    /** The key that holds a call's arguments where the call is a JSON object. */
    String argumentsKey() {
        return this == LLAMA3 ? "parameters" : "arguments";
    }

    /** Whether several calls stand inside one pair of marks. */
    boolean inSections() {
        return this == DEEPSEEK || this == DEEPSEEK_V31 || this == MISTRAL;
    }
}
