package graft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import graft.engine.GeneratedToken;
import graft.generation.Answer;
import graft.generation.Delta;
import graft.generation.Generation;
import graft.generation.GenerationRequest;
import graft.generation.GenerationRequest.Prompt;
import graft.generation.Outcome;
import graft.generation.Summary;
import graft.registry.tenant.Scope;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** POST /v1/completions: texts or token ids continued as they are, without a chat template. */
final class CompletionsResource implements Resource {
    /** OpenAI's default here; chat has none. */
    private static final int DEFAULT_MAX_TOKENS = 16;
    private final Models models;
    private final Generation generation;
    private final int maxChoices;
    private final Clock clock;

    CompletionsResource(Models models, Generation generation, int maxChoices, Clock clock) {
        this.models = models;
        this.generation = generation;
        this.maxChoices = maxChoices;
        this.clock = clock;
    }

    /** @param usage of a stream: null where it was not asked, else empty (written as null) in all chunks but the last */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Reply(String id, String object, long created, String model, String systemFingerprint, List<Choice> choices,
            Optional<ChatReply.Usage> usage, GraftReply.Whole graft) {}

    record Choice(int index, String text, Logprobs.Legacy logprobs, String finishReason,
            @JsonInclude(JsonInclude.Include.NON_NULL) GraftReply.Tokens graft) {}

    private record Call(CompletionRequest asked, GraftOptions options, Models.Target target, boolean includeUsage,
            Completions.Label label, int choices, List<String> echoes) {
        Choice choice(int index, String text, List<GeneratedToken> tokens, String finishReason, int offset) {
            List<GeneratedToken> visible = Completions.visible(tokens, target);
            Logprobs.Legacy logprobs = asked.logprobs() == null || tokens.isEmpty() ? null
                    : Logprobs.legacy(visible, target.base(), asked.logprobs(), offset);
            return new Choice(index, text, logprobs, finishReason, GraftReply.tokens(tokens, options));
        }

        Reply reply(List<Choice> choices, ChatReply.Usage usage, GraftReply.Whole graft) {
            return new Reply(label.id(), "text_completion", label.created(), label.model(), label.fingerprint(),
                    choices, usage != null || includeUsage ? Optional.ofNullable(usage) : null, graft);
        }

        String echo(int choice) {
            return echoes.isEmpty() ? "" : echoes.get(choice / (choices / echoes.size()));
        }
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.post("/v1/completions", Scope.INFERENCE, this::complete));
    }

    private void complete(Exchange exchange) {
        CompletionRequest asked = exchange.body(CompletionRequest.class);
        asked.refuseWhatWeLack();
        GraftOptions options = GraftOptions.of(asked.graft());
        boolean includeUsage = Checks.includeUsage(asked.stream(), asked.streamOptions());
        Prompt prompt = asked.prompts();
        Models.Target target = models.target(exchange.caller(), asked.model(), options, asked.sticky());
        if (asked.logprobs() != null && target.base().tokenizer().isEmpty()) throw ApiException.invalid("logprobs",
                "A model without a tokenizer has no texts of tokens; use graft.top_logprobs.");
        GenerationRequest request = request(exchange, asked, options, target, prompt);
        List<String> echoes = Boolean.TRUE.equals(asked.echo()) ? echoes(prompt, target) : List.of();
        Call call = new Call(asked, options, target, includeUsage, Completions.Label.of("cmpl-", exchange.requestId(),
                clock,
                target), request.options().choices() * count(prompt), echoes);
        switch (generation.start(request)) {
            case Outcome.Refusal refusal -> throw Models.refuse(exchange, refusal);
            case Answer answer -> {
                try (answer) {
                    answer.admitted().limits().headers().forEach(exchange::header);
                    if (Boolean.TRUE.equals(asked.stream())) stream(exchange, call, answer);
                    else whole(exchange, call, answer);
                }
            }
        }
    }

    private GenerationRequest request(Exchange exchange, CompletionRequest asked, GraftOptions options,
            Models.Target target, Prompt prompt) {
        OptionalInt most = asked.maxTokens() == null ? OptionalInt.of(DEFAULT_MAX_TOKENS)
                : Checks.maxTokens("max_tokens", asked.maxTokens());
        GenerationRequest.Options wanted = new GenerationRequest.Options(most,
                Checks.sampling(new Checks.SamplingFields(asked.temperature(), asked.topP(), asked.topK(), asked.minP(),
                        asked.frequencyPenalty(), asked.presencePenalty(), asked.repetitionPenalty(), asked.seed(),
                        asked.logitBias())), Checks.stops(asked.stop()), Checks.choices(asked.n(), count(prompt),
                                maxChoices),
                Completions.alternatives(asked.logprobs() != null, asked.logprobs() == null ? 0 : asked.logprobs(),
                        options), Boolean.TRUE.equals(asked.ignoreEos()),
                Optional.empty(), Optional.empty());
        Checks.inVocabulary(wanted.sampling(), target.base().engine().model().vocabularySize());
        return new GenerationRequest(exchange.caller(), exchange.requestId(), "completions",
                Completions.flow(exchange), target.model(),
                target.composed(), prompt, wanted, options.knowledge());
    }

    private static int count(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Chat _ -> 1;
            case Prompt.Texts texts -> texts.texts().size();
            case Prompt.Tokens tokens -> tokens.ids().size();
        };
    }

    private static List<String> echoes(Prompt prompt, Models.Target target) {
        return switch (prompt) {
            case Prompt.Chat _ -> List.of();
            case Prompt.Texts texts -> texts.texts();
            case Prompt.Tokens tokens -> tokens.ids().stream().map(target.base()::decode).toList();
        };
    }

    private static void whole(Exchange exchange, Call call, Answer answer) {
        Completions.Collector collector = new Completions.Collector(call.choices);
        Summary summary = Completions.finish(exchange, answer, collector::add);
        List<Choice> all = new ArrayList<>();
        for (int i = 0; i < call.choices; i++) {
            Completions.Collected one = collector.choice(i);
            all.add(call.choice(i, call.echo(i) + one.text(), one.tokens(),
                    ChatReply.finishReason(summary.ends().get(i)), 0));
        }
        exchange.header("Server-Timing", GraftReply.serverTiming(summary));
        exchange.ok(call.reply(all, ChatReply.Usage.of(summary), GraftReply.whole(exchange.requestId(), call.target,
                summary)));
    }

    private static void stream(Exchange exchange, Call call, Answer answer) {
        int[] sent = new int[call.choices];
        try (EventStream events = exchange.events()) {
            for (int i = 0; i < call.choices; i++) {
                if (call.echo(i).isEmpty()) continue;
                sent[i] = length(call.echo(i));
                events.send(call.reply(List.of(call.choice(i, call.echo(i), List.of(), null, 0)), null, null));
            }
            Completions.finishStreamed(exchange, events, answer, delta -> {
                events.send(call.reply(List.of(piece(call, delta, sent[delta.choice()])), null, null));
                sent[delta.choice()] += length(delta.text());
            }).ifPresent(summary -> end(exchange, call, events, summary));
        }
    }

    private static void end(Exchange exchange, Call call, EventStream events, Summary summary) {
        GraftReply.Whole graft = GraftReply.whole(exchange.requestId(), call.target, summary);
        for (int i = 0; i < call.choices; i++) {
            boolean carries = !call.includeUsage && i == call.choices - 1;
            String reason = ChatReply.finishReason(summary.ends().get(i));
            events.send(call.reply(List.of(new Choice(i, "", null, reason, null)), null, carries ? graft : null));
        }
        if (call.includeUsage) events.send(call.reply(List.of(), ChatReply.Usage.of(summary), graft));
        events.done();
    }

    private static Choice piece(Call call, Delta delta, int offset) {
        return call.choice(delta.choice(), delta.text(), delta.tokens(), null, offset);
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }
}
