package graft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import graft.generation.Summary;
import java.util.List;
import java.util.Optional;

/** Answers of POST /v1/chat/completions, whole and in chunks. */
final class ChatReply {
    private ChatReply() {}

    record Completion(String id, String object, long created, String model, String systemFingerprint,
            List<Choice> choices,
            Usage usage, GraftReply.Whole graft) {}

    record Choice(int index, Message message, Logprobs.Chat logprobs, String finishReason,
            @JsonInclude(JsonInclude.Include.NON_NULL) GraftReply.Tokens graft) {}

    /** @param content null where the answer is nothing but calls */
    record Message(String role, String content, String refusal, List<Object> annotations,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<ToolCalls.Call> toolCalls, GraftReply.Cited graft) {}

    /** @param usage null where it was not asked; where it was, empty (which is written as null) in all chunks but the last */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Chunk(String id, String object, long created, String model, String systemFingerprint, List<Piece> choices,
            Optional<Usage> usage, GraftReply.Whole graft) {}

    record Piece(int index, Change delta, Logprobs.Chat logprobs, String finishReason,
            @JsonInclude(JsonInclude.Include.NON_NULL) GraftReply.Tokens graft) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Change(String role, String content, List<ToolCalls.Piece> toolCalls, GraftReply.Cited graft) {
        static final Change NOTHING = new Change(null, null, null, null);
    }

    record Usage(int promptTokens, int completionTokens, int totalTokens, PromptDetails promptTokensDetails,
            CompletionDetails completionTokensDetails) {
        static Usage of(Summary summary) {
            return new Usage(summary.promptTokens(), summary.generatedTokens(),
                    summary.promptTokens() + summary.generatedTokens(), new PromptDetails(summary.cachedPromptTokens(),
                            0),
                    new CompletionDetails(0, 0, 0, 0));
        }
    }

    record PromptDetails(int cachedTokens, int audioTokens) {}

    record CompletionDetails(int reasoningTokens, int audioTokens, int acceptedPredictionTokens,
            int rejectedPredictionTokens) {}

    static String finishReason(Summary.End end) {
        return switch (end) {
            case STOP -> "stop";
            case LENGTH -> "length";
            case TOOL_CALLS -> "tool_calls";
        };
    }
}
