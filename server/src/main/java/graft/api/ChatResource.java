package graft.api;

import graft.engine.GeneratedToken;
import graft.generation.Answer;
import graft.generation.Delta;
import graft.generation.Generation;
import graft.generation.GenerationRequest;
import graft.generation.Outcome;
import graft.generation.Summary;
import graft.registry.tenant.Scope;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** POST /v1/chat/completions. */
final class ChatResource implements Resource {
    private final Models models;
    private final Generation generation;
    private final InferenceApi.Settings settings;
    private final Clock clock;

    ChatResource(Models models, Generation generation, InferenceApi.Settings settings, Clock clock) {
        this.models = models;
        this.generation = generation;
        this.settings = settings;
        this.clock = clock;
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.post("/v1/chat/completions", Scope.INFERENCE, this::complete));
    }

    /** One call: what was asked, of what, and how its answer is labelled. */
    private record Call(ChatRequest asked, GraftOptions options, Models.Target target, boolean includeUsage,
            Completions.Label label) {
        boolean logprobs() {
            return Boolean.TRUE.equals(asked.logprobs());
        }

        int alternatives() {
            return asked.topLogprobs() == null ? 0 : asked.topLogprobs();
        }

        Logprobs.Chat logprobs(List<GeneratedToken> tokens) {
            return logprobs() ? Logprobs.chat(Completions.visible(tokens, target), target.base(), alternatives())
                    : null;
        }
    }

    private void complete(Exchange exchange) {
        ChatRequest asked = exchange.body(ChatRequest.class);
        asked.refuseWhatWeLack();
        GraftOptions options = GraftOptions.of(asked.graft());
        boolean includeUsage = Checks.includeUsage(asked.stream(), asked.streamOptions());
        Models.Target target = models.target(exchange.caller(), asked.model(), options, asked.sticky());
        if (target.base().tokenizer().isEmpty()) throw ApiException.modelHasNoTokenizer(asked.model());
        Call call = new Call(asked, options, target, includeUsage,
                Completions.Label.of("chatcmpl-", exchange.requestId(), clock, target));
        GenerationRequest request = request(exchange, call);
        switch (generation.start(request)) {
            case Outcome.Refusal refusal -> throw Models.refuse(exchange, refusal);
            case Answer answer -> {
                try (answer) {
                    answer.admitted().limits().headers().forEach(exchange::header);
                    if (Boolean.TRUE.equals(asked.stream())) stream(exchange, call, answer, request.options()
                            .choices());
                    else whole(exchange, call, answer, request.options().choices());
                }
            }
        }
    }

    private GenerationRequest request(Exchange exchange, Call call) {
        ChatRequest asked = call.asked;
        Checks.within("top_logprobs", asked.topLogprobs(), 0, 20);
        if (call.alternatives() > 0 && !call.logprobs())
            throw ApiException.invalid("top_logprobs", "'top_logprobs' needs 'logprobs' to be true.");
        Integer most = asked.maxCompletionTokens() == null ? asked.maxTokens() : asked.maxCompletionTokens();
        GenerationRequest.Options options = new GenerationRequest.Options(Checks.maxTokens(
                asked.maxCompletionTokens() == null ? "max_tokens" : "max_completion_tokens", most),
                Checks.sampling(new Checks.SamplingFields(asked.temperature(), asked.topP(), asked.topK(), asked.minP(),
                        asked.frequencyPenalty(), asked.presencePenalty(), asked.repetitionPenalty(), asked.seed(),
                        asked.logitBias())), Checks.stops(asked.stop()), Checks.choices(asked.n(), 1,
                        settings.maxChoices()),
                Completions.alternatives(call.logprobs(), call.alternatives(), call.options),
                Boolean.TRUE.equals(asked.ignoreEos()), ResponseFormat.of(asked.responseFormat()),
                ToolCalls.asked(asked, settings.maxTools()));
        if (options.ignoreEos() && options.tools().isPresent())
            throw ApiException.invalid("ignore_eos", "An answer that may call tools ends where it is complete.");
        Checks.inVocabulary(options.sampling(), call.target.base().engine().model().vocabularySize());
        Map<String, Object> variables = new HashMap<>();
        if (asked.reasoningEffort() != null) variables.put("reasoning_effort", asked.reasoningEffort());
        if (asked.chatTemplateKwargs() != null) variables.putAll(asked.chatTemplateKwargs());
        return new GenerationRequest(exchange.caller(), exchange.requestId(), "chat.completions",
                Completions.flow(exchange), call.target.model(),
                call.target.composed(), new GenerationRequest.Prompt.Chat(ChatMessages.of(asked.messages()), variables),
                options, call.options.knowledge());
    }

    private static void whole(Exchange exchange, Call call, Answer answer, int choices) {
        Completions.Collector collector = new Completions.Collector(choices);
        Summary summary = Completions.finish(exchange, answer, collector::add);
        List<ChatReply.Choice> all = new ArrayList<>();
        for (int i = 0; i < choices; i++) {
            Completions.Collected one = collector.choice(i);
            List<ToolCalls.Call> calls = one.calls().calls();
            all.add(new ChatReply.Choice(i, new ChatReply.Message("assistant", calls != null && one.text().isEmpty()
                    ? null : one.text(), null, List.of(), calls, GraftReply.cited(one.citations())),
                    call.logprobs(one.tokens()),
                    ChatReply.finishReason(summary.ends().get(i)),
                            GraftReply.tokens(one.tokens(), call.options)));
        }
        exchange.header("Server-Timing", GraftReply.serverTiming(summary));
        exchange.ok(new ChatReply.Completion(call.label.id(), "chat.completion", call.label.created(),
                call.label.model(),
                call.label.fingerprint(), all, ChatReply.Usage.of(summary),
                GraftReply.whole(exchange.requestId(), call.target, summary)));
    }

    private static void stream(Exchange exchange, Call call, Answer answer, int choices) {
        try (EventStream events = exchange.events()) {
            for (int i = 0; i < choices; i++) {
                events.send(chunk(call, piece(i, new ChatReply.Change("assistant", "", null, null), null), null, null));
            }
            Completions.finishStreamed(exchange, events, answer,
                    delta -> pieces(call, delta).forEach(piece -> events.send(chunk(call, piece, null, null))))
                    .ifPresent(summary -> end(exchange, call, events, summary));
        }
    }

    /** The row is settled by now: only then may a stream say that it is finished. */
    private static void end(Exchange exchange, Call call, EventStream events, Summary summary) {
        GraftReply.Whole graft = GraftReply.whole(exchange.requestId(), call.target, summary);
        int choices = summary.ends().size();
        for (int i = 0; i < choices; i++) {
            boolean carries = !call.includeUsage && i == choices - 1;
            events.send(chunk(call, piece(i, ChatReply.Change.NOTHING,
                    ChatReply.finishReason(summary.ends().get(i))), null, carries ? graft : null));
        }
        if (call.includeUsage) events.send(chunk(call, null, ChatReply.Usage.of(summary), graft));
        events.done();
    }

    /** The text first, then each piece of a call; what is told of the tokens goes with the first of them. */
    private static List<ChatReply.Piece> pieces(Call call, Delta delta) {
        List<ChatReply.Change> changes = new ArrayList<>();
        if (delta.calls().isEmpty() || !delta.text().isEmpty() || !delta.citations().isEmpty())
            changes.add(new ChatReply.Change(null, delta.text(), null, delta.citations().isEmpty() ? null
                    : GraftReply.cited(delta.citations())));
        delta.calls().forEach(piece -> changes.add(new ChatReply.Change(null, null,
                List.of(ToolCalls.Piece.of(piece)), null)));
        List<ChatReply.Piece> pieces = new ArrayList<>();
        pieces.add(new ChatReply.Piece(delta.choice(), changes.getFirst(), call.logprobs(delta.tokens()), null,
                GraftReply.tokens(delta.tokens(), call.options)));
        for (ChatReply.Change more : changes.subList(1, changes.size())) pieces.add(piece(delta.choice(), more, null));
        return pieces;
    }

    private static ChatReply.Piece piece(int index, ChatReply.Change change, String finishReason) {
        return new ChatReply.Piece(index, change, null, finishReason, null);
    }

    private static ChatReply.Chunk chunk(Call call, ChatReply.Piece piece, ChatReply.Usage usage,
            GraftReply.Whole graft) {
        return new ChatReply.Chunk(call.label.id(), "chat.completion.chunk", call.label.created(), call.label.model(),
                call.label.fingerprint(), piece == null ? List.of() : List.of(piece),
                call.includeUsage ? Optional.ofNullable(usage) : null, graft);
    }
}
