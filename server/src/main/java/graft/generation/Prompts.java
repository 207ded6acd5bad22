package graft.generation;

import graft.admission.ResolvedModel;
import graft.engine.BaseModel;
import graft.generation.GenerationRequest.Knowledge;
import graft.generation.GenerationRequest.Prompt;
import graft.generation.template.TemplateException;
import graft.generation.tools.Dialect;
import graft.generation.tools.ToolUse;
import graft.knowledge.Citations;
import graft.knowledge.Filters;
import graft.knowledge.Passage;
import graft.knowledge.Retrieval;
import graft.knowledge.ShownPassage;
import graft.knowledge.grounding.FollowUp;
import graft.tokens.Tokenizer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** From what is asked to token ids: retrieval, prompt format, chat template, tokeniser, context. Any thread. */
final class Prompts {
    /** Of a token: more than most have, so that only stores far over a limit are not even read. */
    private static final int MOST_CHARACTERS_PER_TOKEN = 8;
    private final Optional<Retrieval> retrieval;
    private final Clock clock;
    private final Bounds bounds;

    /**
     * @param pinnedTokens     most that documents may take where {@code pinned} is asked for
     * @param autoPinnedTokens the same where {@code auto} chooses
     * @param strictSupport    least support of a strict answer
     */
    record Bounds(int pinnedTokens, int autoPinnedTokens, double strictSupport) {}

    Prompts(Optional<Retrieval> retrieval, Clock clock, Bounds bounds) {
        this.retrieval = retrieval;
        this.clock = clock;
        this.bounds = bounds;
    }

    /**
     * @param ids      one prompt or several
     * @param shown    passages in the prompt, in order
     * @param format   how the answer quotes
     * @param maxTokens that one answer may have
     * @param supported false where a strict answer is to say that the documents do not say
     * @param standing  which of these revisions may still be cited
     */
    record Prepared(List<int[]> ids, Optional<Retrieval.Retrieved> retrieved, List<Passage> shown, PromptFormat format,
            int maxTokens, boolean supported, UnaryOperator<Set<String>> standing) {
        Citations citations() {
            return new Citations(shown);
        }

        int tokens() {
            return ids.stream().mapToInt(prompt -> prompt.length).sum();
        }
    }

    /** Carries a refusal out of the steps below. */
    static final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient Outcome.Refusal refusal;

        RefusedException(Outcome.Refusal refusal) {
            super(refusal.toString(), null, false, false);
            this.refusal = refusal;
        }

        Outcome.Refusal refusal() {
            return refusal;
        }
    }

    /**
     * A request that asks for passages, without them.
     *
     * @param tokens    of the prompt
     * @param room      that passages can take at most
     * @param maxTokens that the answer may have
     */
    record Bare(int tokens, int room, int maxTokens) {}

    /**
     * What can be known before a search.
     *
     * @throws RefusedException if the request can't be served whatever is found
     */
    Bare bare(GenerationRequest request, EngineModel model, Optional<Dialect> dialect, int defaultMaxTokens) {
        if (!(request.prompt() instanceof Prompt.Chat))
            throw new RefusedException(new Outcome.Invalid("graft.vector_store_ids", "Passages need chat messages."));
        BaseModel base = model.engine().model();
        int tokens = encode(request, model, dialect, true, List.of()).getFirst().length;
        int left = base.contextLength() - tokens;
        int wanted = request.options().maxTokens().orElse(1);
        if (left < wanted) throw new RefusedException(tooLong(request, base, tokens));
        return new Bare(tokens, left - wanted, request.options().maxTokens().orElse(Math.min(defaultMaxTokens, left)));
    }

    /**
     * Passages that don't fit into the context are left out, the least relevant first.
     *
     * @throws RefusedException if the request can't be served
     */
    Prepared prepare(GenerationRequest request, EngineModel model, Optional<Dialect> dialect, int defaultMaxTokens) {
        PromptFormat format = request.model().adapter().flatMap(ResolvedModel.Adapter::promptFormat)
                .flatMap(PromptFormat::of).orElse(PromptFormat.DOCUMENTS_V1);
        Optional<Retrieval.Question> question = question(request, format);
        Optional<Prepared> pinned = question.isPresent() ? pinned(request, model, dialect, defaultMaxTokens, format,
                question.get()) : Optional.empty();
        if (pinned.isPresent()) return pinned.get();
        Optional<Retrieval.Retrieved> retrieved = question.map(one -> asking(() -> retrieval.orElseThrow()
                .retrieve(one)));
        List<Passage> passages = retrieved.map(Retrieval.Retrieved::passages).orElse(List.of());
        OptionalInt wanted = request.options().maxTokens();
        BaseModel base = model.engine().model();
        while (true) {
            List<int[]> ids = encode(request, model, dialect, retrieved.isPresent(), passages);
            int longest = ids.stream().mapToInt(prompt -> prompt.length).max().orElseThrow();
            int left = base.contextLength() - longest;
            if (left >= wanted.orElse(1)) return prepared(request, question, retrieved, ids, passages, format,
                    wanted.orElse(Math.min(defaultMaxTokens, left)));
            if (passages.isEmpty()) throw new RefusedException(tooLong(request, base, longest));
            passages = passages.subList(0, passages.size() - 1);
        }
    }

    private Prepared prepared(GenerationRequest request, Optional<Retrieval.Question> question,
            Optional<Retrieval.Retrieved> retrieved, List<int[]> ids, List<Passage> shown, PromptFormat format,
            int maxTokens) {
        boolean supported = !request.knowledge().strict() || question.isEmpty()
                || !shown.isEmpty() && retrieval.orElseThrow().support(question.get().text(), shown)
                        >= bounds.strictSupport;
        String tenant = request.caller().tenantId();
        return new Prepared(ids, retrieved, shown, format, maxTokens, supported,
                revisions -> retrieval.orElseThrow().standing(tenant, revisions));
    }

    /** All documents in front of the conversation, where that is asked for or they are few. */
    private Optional<Prepared> pinned(GenerationRequest request, EngineModel model, Optional<Dialect> dialect,
            int defaultMaxTokens, PromptFormat format, Retrieval.Question question) {
        if (question.mode().equals("search")) return Optional.empty();
        boolean asked = question.mode().equals("pinned");
        int most = asked ? bounds.pinnedTokens : bounds.autoPinnedTokens;
        Optional<Retrieval.Whole> whole = asking(() -> retrieval.orElseThrow().whole(question,
                (long) most * MOST_CHARACTERS_PER_TOKEN));
        Prompt.Chat chat = (Prompt.Chat) request.prompt();
        BaseModel base = model.engine().model();
        if (whole.isPresent() && (asked || mayPin(question, format, whole.get().passages()))) {
            List<Passage> passages = whole.get().passages();
            int[] ids = encodeChat(request, model, dialect, chat, format.behindDocuments(chat.messages(),
                    passages.stream().map(ShownPassage::of).toList(), instruction(request)));
            int documents = ids.length - encode(request, model, dialect, false, List.of()).getFirst().length;
            int left = base.contextLength() - ids.length;
            int room = request.options().maxTokens().orElse(asked ? 1 : Math.min(defaultMaxTokens,
                    base.contextLength() / 4));
            if (documents <= most && left >= room) return Optional.of(prepared(request, Optional.of(question),
                    Optional.of(whole.get().shown()), List.of(ids), passages, format, request.options().maxTokens()
                            .orElse(Math.min(defaultMaxTokens, left))));
        }
        if (!asked) return Optional.empty();
        throw new RefusedException(new Outcome.Invalid("graft.retrieval", "The stores are too large to be pinned: at"
                + " most " + most + " tokens, and what this model's context of " + base.contextLength()
                + " leaves. Use 'search' or 'auto'."));
    }

    /** Filters are for searches; and a format that was trained on few passages gets no more than were asked for. */
    private static boolean mayPin(Retrieval.Question question, PromptFormat format, List<Passage> passages) {
        return !passages.isEmpty() && question.filters().isEmpty()
                && (format == PromptFormat.DOCUMENTS_V1 || passages.size() <= question.maxResults());
    }

    private static Outcome.Refusal tooLong(GenerationRequest request, BaseModel base, int prompt) {
        OptionalInt wanted = request.options().maxTokens();
        String param = request.prompt() instanceof Prompt.Chat ? "messages" : "prompt";
        return new Outcome.ContextTooLong(param, "This model's context is " + base.contextLength()
                + " tokens. The prompt has "
                + prompt + (wanted.isPresent() ? " and " + wanted.getAsInt() + " are asked for the answer" : "") + ".");
    }

    private Optional<Retrieval.Question> question(GenerationRequest request, PromptFormat format) {
        Knowledge knowledge = request.knowledge();
        if (!knowledge.asked()) return Optional.empty();
        if (!(request.prompt() instanceof Prompt.Chat chat))
            throw new RefusedException(new Outcome.Invalid("graft.vector_store_ids", "Passages need chat messages."));
        List<String> asked = chat.messages().stream().filter(message -> "user".equals(message.get("role")))
                .map(message -> (String) message.get("content")).toList();
        if (asked.isEmpty()) throw new RefusedException(new Outcome.Invalid("messages",
                "A knowledge store needs a user message to search by."));
        if (retrieval.isEmpty()) throw new RefusedException(new Outcome.UnknownStore(knowledge.storeIds().getFirst()));
        return Optional.of(new Retrieval.Question(request.caller().tenantId(), knowledge.storeIds(),
                FollowUp.selfContained(asked), knowledge.maxResults(), knowledge.filters(), knowledge.mode(),
                Optional.of(new Retrieval.Reader(format.word(), request.model().adapter()
                        .map(ResolvedModel.Adapter::digest)))));
    }

    private static <T> T asking(Supplier<T> question) {
        try {
            return question.get();
        } catch (Retrieval.UnknownStoreException e) {
            throw new RefusedException(new Outcome.UnknownStore(e.getMessage()));
        } catch (Filters.InvalidFilterException e) {
            throw new RefusedException(new Outcome.Invalid("graft.filters", e.getMessage()));
        }
    }

    private List<int[]> encode(GenerationRequest request, EngineModel model, Optional<Dialect> dialect,
            boolean withPassages, List<Passage> passages) {
        return switch (request.prompt()) {
            case Prompt.Tokens tokens -> checked(tokens.ids(), model.engine().model());
            case Prompt.Texts texts -> {
                Tokenizer tokenizer = tokenizer(request, model);
                yield texts.texts().stream().map(text -> notEmpty(tokenizer.encode(text, true))).toList();
            }
            case Prompt.Chat chat -> {
                List<Map<String, Object>> messages = !withPassages ? chat.messages() : PromptFormat.withPassages(
                        chat.messages(), passages.stream().map(ShownPassage::of).toList(), instruction(request));
                yield List.of(encodeChat(request, model, dialect, chat, messages));
            }
        };
    }

    private static boolean instruction(GenerationRequest request) {
        return request.model().adapter().map(ResolvedModel.Adapter::addInstruction).orElse(true);
    }

    private int[] encodeChat(GenerationRequest request, EngineModel model, Optional<Dialect> dialect,
            Prompt.Chat chat, List<Map<String, Object>> messages) {
        Tokenizer tokenizer = tokenizer(request, model);
        return notEmpty(tokenizer.encode(render(messages, chat.variables(), request, model, dialect.orElseThrow()),
                false));
    }

    private static Tokenizer tokenizer(GenerationRequest request, EngineModel model) {
        return model.tokenizer()
                .orElseThrow(() -> new RefusedException(new Outcome.NoTokenizer(request.model().name())));
    }

    private String render(List<Map<String, Object>> messages, Map<String, Object> more, GenerationRequest request,
            EngineModel model, Dialect dialect) {
        ChatTemplate template = model.chatTemplate().orElseThrow(() -> new RefusedException(new Outcome.Invalid("model",
                "The model '" + request.model().name() + "' has no chat template: use /v1/completions.")));
        Map<String, Object> variables = new HashMap<>(more);
        Optional<ToolUse> tools = request.options().tools();
        dialect.variable(tools).ifPresent(shown -> variables.put("tools", shown));
        variables.putIfAbsent("tools", null);
        variables.putIfAbsent("documents", null);
        variables.put("add_generation_prompt", true);
        variables.put("bos_token", model.bosToken());
        variables.put("eos_token", model.eosToken());
        List<String> refusals = new ArrayList<>();
        for (List<Map<String, Object>> variant : dialect.messages(messages, tools)) {
            variables.put("messages", variant);
            try {
                return template.render(variables, clock);
            } catch (TemplateException e) {
                refusals.add(e.getMessage());
            }
        }
        throw new RefusedException(new Outcome.Invalid("messages", "The model's chat template refuses these messages: "
                + refusals.getFirst()));
    }

    private static int[] notEmpty(int[] ids) {
        if (ids.length == 0) throw new RefusedException(new Outcome.Invalid("prompt", "The prompt has no tokens."));
        return ids;
    }

    private static List<int[]> checked(List<int[]> prompts, BaseModel base) {
        for (int[] prompt : prompts) {
            for (int id : notEmpty(prompt)) {
                if (id < 0 || id >= base.vocabularySize()) throw new RefusedException(new Outcome.Invalid("prompt",
                        "Token " + id + " is outside the vocabulary of " + base.vocabularySize() + "."));
            }
        }
        return prompts;
    }
}
