package graft.generation;

import graft.admission.Caller;
import graft.admission.ResolvedModel;
import graft.engine.Sampling;
import graft.generation.tools.ToolUse;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What is asked of a model, after the API has read and resolved it.
 *
 * @param requestId the id of the response, of the usage row and of log lines
 * @param operation {@code chat.completions} or {@code completions}
 * @param flow      whose turn it is among the caller's tenant's requests, as a gateway says it; empty for none
 * @param composed  adapters added to the model's own, if any
 */
public record GenerationRequest(Caller caller, String requestId, String operation, String flow, ResolvedModel model,
        List<Composed> composed, Prompt prompt, Options options, Knowledge knowledge) {
    public GenerationRequest {
        Objects.requireNonNull(caller);
        Objects.requireNonNull(requestId);
        Objects.requireNonNull(operation);
        Objects.requireNonNull(flow);
        Objects.requireNonNull(model);
        composed = List.copyOf(composed);
        Objects.requireNonNull(prompt);
        Objects.requireNonNull(options);
        Objects.requireNonNull(knowledge);
    }

    /** An adapter with a factor on its effect. */
    public record Composed(ResolvedModel.Adapter adapter, double scale) {}

    /** What is to be continued. */
    public sealed interface Prompt {
        /**
         * @param messages  role, content (a text or null) and what else the template reads
         * @param variables more variables for the template
         */
        record Chat(List<Map<String, Object>> messages, Map<String, Object> variables) implements Prompt {
            public Chat {
                messages = List.copyOf(messages);
            }
        }

        /** Texts, each continued on its own. */
        record Texts(List<String> texts) implements Prompt {
            public Texts {
                texts = List.copyOf(texts);
            }
        }

        /** Token ids as the client made them, each list continued on its own. */
        record Tokens(List<int[]> ids) implements Prompt {
            public Tokens {
                ids = List.copyOf(ids);
            }
        }
    }

    /**
     * @param maxTokens   none: the server's default, as far as the context allows
     * @param stop        texts that end an answer
     * @param choices     answers to each prompt
     * @param topLogprobs alternatives to report for each token
     * @param ignoreEos   goes on past the tokens that end an answer, until maxTokens
     * @param format      what the answer must be, if it is no call
     * @param tools       functions that it may call
     */
    public record Options(OptionalInt maxTokens, Sampling sampling, List<String> stop, int choices, int topLogprobs,
            boolean ignoreEos, Optional<Format> format, Optional<ToolUse> tools) {
        public Options {
            Objects.requireNonNull(format);
            Objects.requireNonNull(tools);
            Objects.requireNonNull(maxTokens);
            Objects.requireNonNull(sampling);
            stop = List.copyOf(stop);
            if (choices < 1) throw new IllegalArgumentException("choices " + choices);
        }
    }

    /**
     * JSON that an answer must be.
     *
     * @param schema of maps, lists, texts, numbers, booleans and null
     * @param param  the request's field that holds it
     */
    public record Format(Object schema, String param) {
        public Format {
            Objects.requireNonNull(schema);
            Objects.requireNonNull(param);
        }
    }

    /**
     * @param storeIds      knowledge stores to search; none means no retrieval
     * @param filters       OpenAI's attribute filter as JSON text
     * @param mode          {@code auto}, {@code search}, {@code pinned} or {@code off}
     * @param strict        whether to answer without the model where nothing was found
     * @param showReasoning false to send only what stands behind raft-v1's answer mark
     */
    public record Knowledge(List<String> storeIds, int maxResults, Optional<String> filters, String mode,
            boolean strict, boolean showReasoning) {
        public static final Knowledge NONE = new Knowledge(List.of(), 4, Optional.empty(), "auto", false, true);

        public Knowledge {
            storeIds = List.copyOf(storeIds);
            Objects.requireNonNull(filters);
            Objects.requireNonNull(mode);
        }

        boolean asked() {
            return !storeIds.isEmpty() && !mode.equals("off");
        }
    }
}
