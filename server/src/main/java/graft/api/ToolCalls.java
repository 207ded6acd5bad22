package graft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import graft.generation.tools.CallPiece;
import graft.generation.tools.InvalidToolsException;
import graft.generation.tools.ToolUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** OpenAI's fields for functions: tools and choice of a request, calls of an answer, whole and in pieces. */
final class ToolCalls {
    private static final String FUNCTION = "function";

    private ToolCalls() {}

    /** Of a whole message. */
    record Call(String id, String type, Function function) {}

    record Function(String name, String arguments) {}

    /** Of a delta: the first piece of a call has all but arguments, the others have only those. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Piece(int index, String id, String type, FunctionPiece function) {
        static Piece of(CallPiece piece) {
            return piece.begins().map(begin -> new Piece(piece.index(), begin.id(), FUNCTION,
                    new FunctionPiece(begin.name(), ""))).orElseGet(() -> new Piece(piece.index(), null, null,
                            new FunctionPiece(null, piece.arguments())));
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record FunctionPiece(String name, String arguments) {}

    /** Pieces of one answer put together. */
    static final class Collector {
        private final List<CallPiece.Begin> begun = new ArrayList<>();
        private final List<StringBuilder> arguments = new ArrayList<>();

        void add(CallPiece piece) {
            piece.begins().ifPresent(begin -> {
                begun.add(begin);
                arguments.add(new StringBuilder());
            });
            arguments.get(piece.index()).append(piece.arguments());
        }

        /** @return null without calls */
        List<Call> calls() {
            if (begun.isEmpty()) return null;
            List<Call> calls = new ArrayList<>();
            for (int i = 0; i < begun.size(); i++) calls.add(new Call(begun.get(i).id(), FUNCTION,
                    new Function(begun.get(i).name(), arguments.get(i).toString())));
            return calls;
        }
    }

    /**
     * @return empty where no function may be called
     * @throws ApiException 400 that names the field
     */
    static Optional<ToolUse> asked(ChatRequest asked, int mostTools) {
        try {
            return ToolUse.of(plain(asked.tools()), plain(asked.toolChoice()), asked.parallelToolCalls(), mostTools);
        } catch (InvalidToolsException e) {
            throw ApiException.invalid(e.param(), e.getMessage());
        }
    }

    private static Object plain(JsonNode node) {
        return node == null || node.isNull() ? null : Json.mapper().convertValue(node, Object.class);
    }

    /** @throws ApiException 400 where a call of the conversation so far is not one */
    static void check(JsonNode calls, String at) {
        if (!calls.isArray()) throw ApiException.invalid(at, "tool_calls must be a list.");
        for (int i = 0; i < calls.size(); i++) {
            JsonNode call = calls.get(i);
            String one = at + "[" + i + "]";
            if (!call.path("id").isTextual()) throw ApiException.invalid(one + ".id", "A tool call needs its id.");
            if (!call.path("type").asText(FUNCTION).equals(FUNCTION))
                throw ApiException.invalid(one + ".type", "Only tool calls of type 'function' are served.");
            JsonNode function = call.path(FUNCTION);
            if (!function.path("name").isTextual() || function.path("name").asText().isEmpty())
                throw ApiException.invalid(one + ".function.name", "A tool call needs its function's name.");
            if (!function.path("arguments").isTextual()) throw ApiException.invalid(one + ".function.arguments",
                    "A tool call's arguments must be JSON text.");
        }
    }
}
