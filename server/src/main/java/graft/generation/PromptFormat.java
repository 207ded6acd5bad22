package graft.generation;

import graft.knowledge.ShownPassage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How passages meet the question. Both formats show them alike; they differ in how the answer quotes
 * ({@link AnswerReader}).
 */
public enum PromptFormat {
    DOCUMENTS_V1("documents-v1"), RAFT_V1("raft-v1");

    static final String INSTRUCTION =
            "Answer only from the documents. After each statement cite the document's number in"
            + " square brackets. If the documents do not contain the answer, say: The documents do not say.";
    /** What a strict request gets where no passage was found. */
    static final String NOT_SAID = "The documents do not say.";
    private final String word;

    PromptFormat(String word) {
        this.word = word;
    }

    /** As written in an adapter's manifest. */
    public String word() {
        return word;
    }

    public static Optional<PromptFormat> of(String word) {
        return List.of(values()).stream().filter(format -> format.word.equals(word)).findFirst();
    }

    /**
     * The messages with the passages in the last user message; the others stay as they are.
     *
     * @param messages    role and content, content a text
     * @param instruction whether to say that answers come from the documents only
     */
    static List<Map<String, Object>> withPassages(List<Map<String, Object>> messages, List<ShownPassage> passages,
            boolean instruction) {
        int user = lastUser(messages);
        if (user < 0) throw new IllegalArgumentException("no user message");
        List<Map<String, Object>> shown = new ArrayList<>(messages);
        shown.set(user, with(messages.get(user), documents(passages, (String) messages.get(user).get("content"))));
        if (!instruction) return shown;
        for (int i = 0; i < shown.size(); i++) {
            if (!"system".equals(shown.get(i).get("role"))) continue;
            shown.set(i, with(shown.get(i), shown.get(i).get("content") + "\n\n" + INSTRUCTION));
            return shown;
        }
        shown.addFirst(Map.of("role", "system", "content", INSTRUCTION));
        return shown;
    }

    /**
     * The messages behind all documents, which come first and are always written alike, so that every conversation
     * over the same stores begins with the same tokens. An adapter that was trained to read documents in the user's
     * message finds them in the first one.
     */
    List<Map<String, Object>> behindDocuments(List<Map<String, Object>> messages, List<ShownPassage> passages,
            boolean instruction) {
        if (this == RAFT_V1) return inFirstQuestion(messages, passages, instruction);
        List<Map<String, Object>> shown = new ArrayList<>(messages);
        StringBuilder system = new StringBuilder(numbered(passages));
        if (instruction) system.append('\n').append(INSTRUCTION);
        if (!shown.isEmpty() && "system".equals(shown.getFirst().get("role"))) {
            system.append("\n\n").append(shown.removeFirst().get("content"));
        }
        shown.addFirst(Map.of("role", "system", "content", system.toString()));
        return shown;
    }

    private static List<Map<String, Object>> inFirstQuestion(List<Map<String, Object>> messages,
            List<ShownPassage> passages, boolean instruction) {
        int first = 0;
        while (!"user".equals(messages.get(first).get("role"))) first++;
        List<Map<String, Object>> shown = new ArrayList<>(withPassages(messages.subList(0, first + 1), passages,
                instruction));
        shown.addAll(messages.subList(first + 1, messages.size()));
        return shown;
    }

    private static Map<String, Object> with(Map<String, Object> message, String content) {
        Map<String, Object> changed = new LinkedHashMap<>(message);
        changed.put("content", content);
        return changed;
    }

    private static String documents(List<ShownPassage> passages, String question) {
        return numbered(passages).append("\nQuestion: ").append(question).toString();
    }

    private static StringBuilder numbered(List<ShownPassage> passages) {
        StringBuilder text = new StringBuilder("Documents:\n");
        for (int i = 0; i < passages.size(); i++) {
            text.append('[').append(i + 1).append("] ").append(passages.get(i).line()).append('\n');
        }
        return text;
    }

    /** @return -1 if there is none */
    static int lastUser(List<Map<String, Object>> messages) {
        for (int i = messages.size() - 1; i >= 0; i--) if ("user".equals(messages.get(i).get("role"))) return i;
        return -1;
    }
}
