package graft.generation.tools;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells calls from text while an answer is generated: what stands outside of calls is text; a call's function is known
 * with its name, and its arguments follow as they come. What turns out to be no call of a given function is text, every
 * letter of it. One per choice, one thread.
 */
public final class CallReader {
    /** Of calls that are JSON objects: name first, then arguments, which is what models are trained to write. */
    private static final String OBJECT = "\\{\\s*(?:\"type\"\\s*:\\s*\"function\"\\s*,\\s*)?\"name\"\\s*:\\s*"
            + "\"(?<name>[^\"\\\\]{1,64})\"\\s*,\\s*\"(?:arguments|parameters)\"\\s*:\\s*(?=\\{)";
    private static final String LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private final ToolFormat format;
    private final ToolUse tools;
    private final Pattern head;
    private final Pattern tail;
    private final Pattern close;
    private final StringBuilder held = new StringBuilder();
    /** The opening mark, with the white space before it, until a name shows that it begins a call. */
    private String taken = "";
    private State state = State.TEXT;
    private boolean fresh = true;
    private int calls;
    private int depth;
    private boolean inString;
    private boolean escaped;

    private enum State { TEXT, HEAD, ARGUMENTS, TAIL }

    /** What became certain. */
    public record Read(String text, List<CallPiece> calls) {
        public Read {
            calls = List.copyOf(calls);
        }
    }

    CallReader(ToolFormat format, ToolUse tools) {
        this.format = format;
        this.tools = tools;
        List<String> marks = format.marks().stream().map(Pattern::quote).toList();
        head = Pattern.compile("\\s*" + switch (format) {
            case HERMES, LLAMA3 -> OBJECT;
            case MISTRAL -> "\\[?\\s*" + OBJECT;
            case DEEPSEEK -> marks.get(1) + "\\s*function\\s*" + marks.get(2)
                    + "\\s*(?<name>[\\w-]{1,64})\\s*```json\\s*(?=\\{)";
            case DEEPSEEK_V31 -> marks.get(1) + "\\s*(?<name>[\\w-]{1,64})\\s*" + marks.get(2) + "\\s*(?=\\{)";
        });
        tail = Pattern.compile(switch (format) {
            case HERMES -> "\\s*\\}\\s*</tool_call>";
            case LLAMA3 -> "\\s*\\}\\s*;?";
            case MISTRAL -> "\\s*(?:,\\s*\"id\"\\s*:\\s*\"[^\"]{0,64}\"\\s*)?\\}\\s*,?";
            case DEEPSEEK -> "\\s*```\\s*" + marks.get(3);
            case DEEPSEEK_V31 -> "\\s*" + marks.get(3);
        });
        close = Pattern.compile("\\s*" + switch (format) {
            case HERMES, LLAMA3 -> "(?!)";
            case MISTRAL -> "\\]";
            case DEEPSEEK, DEEPSEEK_V31 -> marks.get(4);
        });
    }

    /** Whether the answer calls a function. */
    public boolean called() {
        return calls > 0;
    }

    public Read push(String text) {
        held.append(text);
        StringBuilder certain = new StringBuilder();
        List<CallPiece> pieces = new ArrayList<>();
        while (!held.isEmpty() && step(certain, pieces)) continue;
        return new Read(certain.toString(), pieces);
    }

    /** The end of the answer: what was held back and became no call. */
    public Read finish() {
        String rest = taken + held;
        held.setLength(0);
        // Half a call that had to be one is no text, and what closes a call is none either.
        boolean ofCall = state == State.ARGUMENTS || state == State.TAIL || state == State.HEAD && tools.must();
        boolean text = !ofCall && !(called() && rest.isBlank());
        return new Read(text ? rest : "", List.of());
    }

    /** @return whether there is more to do before more is read */
    private boolean step(StringBuilder text, List<CallPiece> pieces) {
        return switch (state) {
            case TEXT -> text(text);
            case HEAD -> head(text, pieces);
            case ARGUMENTS -> arguments(pieces);
            case TAIL -> tail();
        };
    }

    private boolean text(StringBuilder text) {
        if (fresh && format == ToolFormat.LLAMA3) {
            String begun = held.toString().stripLeading();
            if (begun.isEmpty()) return false;
            if (begun.charAt(0) == '{') return enter("");
        }
        int at = held.indexOf(format.opening());
        int send = at >= 0 ? at : held.length() - longestBeginning();
        // White space before a call belongs to the call.
        while (send > 0 && Character.isWhitespace(held.charAt(send - 1))) send--;
        if (send > 0) fresh = false;
        text.append(held, 0, send);
        String mark = at < 0 ? "" : held.substring(send, at + format.opening().length());
        held.delete(0, send + mark.length());
        return at >= 0 && enter(mark);
    }

    private boolean enter(String mark) {
        taken = mark;
        state = State.HEAD;
        return true;
    }

    private boolean head(StringBuilder text, List<CallPiece> pieces) {
        Matcher closing = close.matcher(held);
        if (calls > 0 && closing.lookingAt()) {
            held.delete(0, closing.end());
            state = State.TEXT;
            return true;
        }
        Matcher matcher = head.matcher(held);
        if (matcher.lookingAt() && tools.mayCall(matcher.group("name"))) {
            begin(matcher.group("name"), pieces);
            held.delete(0, matcher.end());
            depth = 0;
            state = State.ARGUMENTS;
            return true;
        }
        if (!matcher.lookingAt() && (matcher.hitEnd() || calls > 0 && closing.hitEnd())) return false;
        return noCall(text);
    }

    private void begin(String name, List<CallPiece> pieces) {
        String id = format == ToolFormat.MISTRAL ? letters(ToolPrompt.MISTRAL_ID) : "call_" + letters(24);
        pieces.add(new CallPiece(calls++, Optional.of(new CallPiece.Begin(id, name)), ""));
        taken = "";
    }

    private static String letters(int count) {
        StringBuilder id = new StringBuilder(count);
        RandomGenerator random = RandomGenerator.getDefault();
        for (int i = 0; i < count; i++) id.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        return id.toString();
    }

    /** What was held back is text after all; whether a call begins inside of it is seen from its next letter on. */
    private boolean noCall(StringBuilder text) {
        text.append(taken).append(held.charAt(0));
        held.deleteCharAt(0);
        taken = "";
        fresh = false;
        state = State.TEXT;
        return true;
    }

    /** Sends what is there of an object, to its last brace. */
    private boolean arguments(List<CallPiece> pieces) {
        int end = 0;
        boolean whole = false;
        while (end < held.length() && !whole) {
            char letter = held.charAt(end++);
            if (inString) {
                inString = escaped || letter != '"';
                escaped = !escaped && letter == '\\';
            } else if (letter == '"') {
                inString = true;
            } else if (letter == '{' || letter == '[') {
                depth++;
            } else if (letter == '}' || letter == ']') {
                whole = --depth == 0;
            }
        }
        pieces.add(new CallPiece(calls - 1, Optional.empty(), held.substring(0, end)));
        held.delete(0, end);
        if (whole) state = State.TAIL;
        return whole;
    }

    private boolean tail() {
        Matcher matcher = tail.matcher(held);
        if (matcher.lookingAt()) return !matcher.hitEnd() && left(matcher.end());
        if (matcher.hitEnd()) return false;
        return left(0);
    }

    private boolean left(int end) {
        held.delete(0, end);
        fresh = true;
        state = format.inSections() ? State.HEAD : State.TEXT;
        return true;
    }

    /** Length of the longest end of the held text that the opening mark begins with. */
    private int longestBeginning() {
        String opening = format.opening();
        for (int length = Math.min(opening.length() - 1, held.length()); length > 0; length--) {
            if (opening.startsWith(held.substring(held.length() - length))) return length;
        }
        return 0;
    }
}
