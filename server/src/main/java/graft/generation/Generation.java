package graft.generation;

import graft.admission.Admission;
import graft.admission.AdmissionRequest;
import graft.admission.Admitted;
import graft.admission.ResolvedModel;
import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.generation.grammar.Grammar;
import graft.generation.grammar.Grammars;
import graft.generation.tools.Dialect;
import graft.generation.tools.ToolFormat;
import graft.knowledge.Citations;
import graft.knowledge.Retrieval;
import graft.metering.UsageRecorder;
import graft.tokens.Detokenizer;
import graft.tokens.Tokenizer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * From a request to an answer: passages, prompt, admission, an open usage row, sequences in the engine. The
 * order is the point: nothing is computed before it is admitted, no token leaves before its row is open. Any thread may
 * call.
 */
public final class Generation {
    private final Map<String, Served> models;
    private final Function<ResolvedModel.Adapter, EngineAdapter> adapters;
    private final Prompts prompts;
    private final Admission admission;
    private final UsageRecorder usage;
    private final Settings settings;
    private final Consumer<Answered> shadows;

    /**
     * @param defaultMaxTokens of a chat answer that names no limit ({@code limits.default-max-tokens})
     * @param passageTokens    held for each passage before a search ({@code limits.passage-tokens})
     * @param stall            longest silence of an engine before its answer is given up ({@code limits.stall})
     * @param schemas          limits of {@code response_format} ({@code limits.schema-bytes} and following)
     * @param toolFormat       how models write calls ({@code tools.format}); none: seen from each model
     * @param grounding        how answers stand on documents
     */
    public record Settings(int defaultMaxTokens, int passageTokens, Duration stall, Grammars.Limits schemas,
            Optional<ToolFormat> toolFormat, Grounding grounding) {
        public static final Settings DEFAULT = new Settings(1024, 1024, Duration.ofMinutes(5), Grammars.Limits.DEFAULT,
                Optional.empty());

        public Settings(int defaultMaxTokens, int passageTokens, Duration stall, Grammars.Limits schemas,
                Optional<ToolFormat> toolFormat) {
            this(defaultMaxTokens, passageTokens, stall, schemas, toolFormat, Grounding.DEFAULT);
        }
    }

    /**
     * @param pinnedTokens     most that whole stores may take in a prompt ({@code knowledge.pinned-tokens})
     * @param autoPinnedTokens the same where {@code auto} chooses ({@code knowledge.auto-pinned-tokens})
     * @param strictSupport    from 0 to 1, under which a strict answer says that the documents do not say
     *                         ({@code knowledge.strict-support})
     */
    public record Grounding(int pinnedTokens, int autoPinnedTokens, double strictSupport) {
        public static final Grounding DEFAULT = new Grounding(200_000, 2048, 0.35);
    }

    /** A model, and what holds its texts; nothing does where it has no tokeniser. */
    private record Served(EngineModel model, Optional<Text> text) {
        record Text(Dialect dialect, Held held) {}

        static Served of(EngineModel model, Settings settings) {
            return new Served(model, model.tokenizer().map(tokenizer -> {
                Dialect dialect = Dialect.of(settings.toolFormat(), model.chatTemplate().map(ChatTemplate::source),
                        tokenizer);
                return new Text(dialect, new Held(dialect, new Grammars(tokenizer,
                        model.engine().model().vocabularySize(), model.engine().model().stopTokens(), dialect.marks(),
                        settings.schemas())));
            }));
        }

        Optional<Dialect> dialect() {
            return text.map(Text::dialect);
        }
    }

    /**
     * @param models   by base id
     * @param adapters how the engine loads a version
     */
    public Generation(Map<String, EngineModel> models, Function<ResolvedModel.Adapter, EngineAdapter> adapters,
            Optional<Retrieval> retrieval, Admission admission, UsageRecorder usage, Settings settings, Clock clock) {
        this(models, adapters, retrieval, admission, usage, settings, clock, _ -> { });
    }

    /** @param shadows told of answers that a candidate shall give too; returns at once */
    public Generation(Map<String, EngineModel> models, Function<ResolvedModel.Adapter, EngineAdapter> adapters,
            Optional<Retrieval> retrieval, Admission admission, UsageRecorder usage, Settings settings, Clock clock,
            Consumer<Answered> shadows) {
        this.shadows = shadows;
        Map<String, Served> served = new HashMap<>();
        models.forEach((id, model) -> served.put(id, Served.of(model, settings)));
        this.models = Map.copyOf(served);
        this.adapters = adapters;
        this.prompts = new Prompts(retrieval, clock, new Prompts.Bounds(settings.grounding().pinnedTokens(),
                settings.grounding().autoPinnedTokens(), settings.grounding().strictSupport()));
        this.admission = admission;
        this.usage = usage;
        this.settings = settings;
    }

    /** The model behind a base id. */
    public Optional<EngineModel> model(String baseId) {
        return Optional.ofNullable(models.get(baseId)).map(Served::model);
    }

    /**
     * @return the answer, to be closed on every path, or a refusal
     * @throws graft.registry.DatabaseUnavailableException when nothing could be decided; then nothing has begun
     */
    public Outcome start(GenerationRequest request) {
        Served model = models.get(request.model().baseId());
        if (model == null) return new Outcome.NotServed(request.model().name());
        try {
            Optional<Grammar> grammar = grammar(request, model);
            if (request.knowledge().asked()) return startWithPassages(request, model, grammar);
            Prompts.Prepared prepared = prompts.prepare(request, model.model(), model.dialect(),
                    settings.defaultMaxTokens());
            return switch (admission.admit(admissionOf(request, prepared))) {
                case Admission.Refused refused -> new Outcome.Limited(refused);
                case Admitted admitted -> begin(request, model, prepared, grammar, admitted, 0);
            };
        } catch (Prompts.RefusedException e) {
            return e.refusal();
        }
    }

    /** Who is refused costs no search: what the passages may take is held before, and corrected after it. */
    private Outcome startWithPassages(GenerationRequest request, Served model, Optional<Grammar> grammar) {
        Prompts.Bare bare = prompts.bare(request, model.model(), model.dialect(), settings.defaultMaxTokens());
        long passages = Math.min(bare.room(), (long) request.knowledge().maxResults() * settings.passageTokens());
        switch (admission.admit(admissionOf(request, bare.tokens() + passages, bare.maxTokens()))) {
            case Admission.Refused refused -> {
                return new Outcome.Limited(refused);
            }
            case Admitted admitted -> {
                boolean begun = false;
                try {
                    Prompts.Prepared prepared = prompts.prepare(request, model.model(), model.dialect(),
                            settings.defaultMaxTokens());
                    Optional<Admission.Refused> refused = admitted.correct(admissionOf(request, prepared));
                    if (refused.isPresent()) return new Outcome.Limited(refused.get());
                    begun = true;
                    return begin(request, model, prepared, grammar, admitted,
                            Math.max(0, prepared.tokens() - bare.tokens()));
                } finally {
                    if (!begun) admitted.close();
                }
            }
        }
    }

    private static AdmissionRequest admissionOf(GenerationRequest request, Prompts.Prepared prepared) {
        return admissionOf(request, prepared.tokens(), (long) prepared.maxTokens() * prepared.ids().size());
    }

    private static AdmissionRequest admissionOf(GenerationRequest request, long promptTokens, long maxTokens) {
        return new AdmissionRequest(request.caller(), request.requestId(), request.model().baseId(),
                request.model().adapter().map(ResolvedModel.Adapter::name), promptTokens, maxTokens,
                request.options().choices(), request.knowledge().asked() ? 1 : 0);
    }

    private static Optional<Grammar> grammar(GenerationRequest request, Served served) {
        GenerationRequest.Options options = request.options();
        if (options.format().isEmpty() && options.tools().isEmpty()) return Optional.empty();
        return served.text().orElseThrow(() -> new Prompts.RefusedException(new Outcome.NoTokenizer(request.model()
                .name()))).held().grammar(options.format(), options.tools());
    }

    private Outcome begin(GenerationRequest request, Served served, Prompts.Prepared prepared,
            Optional<Grammar> grammar, Admitted admitted, int contextTokens) {
        boolean nothingFound = !prepared.supported();
        EngineModel model = served.model();
        List<Choice> choices;
        UsageRecorder.Ticket ticket;
        try {
            choices = choices(request, served, prepared);
            ticket = usage.open(new UsageRecorder.Start(request.requestId(), request.caller().tenantId(),
                    request.caller().keyId(), request.operation(), request.model().baseId(),
                    request.model().adapter().map(ResolvedModel.Adapter::name),
                    request.model().adapter().map(ResolvedModel.Adapter::version).orElse(0),
                    nothingFound ? 0 : prepared.tokens()));
        } catch (RuntimeException e) {
            admitted.close();
            throw e;
        }
        Answer answer = new Answer(model.engine(), prepared, choices,
                nothingFound ? Optional.of(PromptFormat.NOT_SAID) : Optional.empty(), ticket, admitted,
                        settings.stall());
        boolean begun = false;
        try {
            prepared.retrieved().ifPresent(found -> ticket.retrieved(found.queryTokens(), found.micros()));
            ticket.context(nothingFound ? 0 : contextTokens);
            Optional<Duration> busy = nothingFound ? Optional.empty() : submit(request, model, prepared, grammar,
                    choices, answer, ticket);
            begun = busy.isEmpty();
            if (begun && !nothingFound) watch(request, model, prepared, answer);
            return begun ? answer : new Outcome.Busy(busy.get());
        } finally {
            if (!begun) answer.abandon();
        }
    }

    /** Only plain answers: what a stop text or a grammar cuts can't be compared token by token. */
    private void watch(GenerationRequest request, EngineModel model, Prompts.Prepared prepared, Answer answer) {
        GenerationRequest.Options options = request.options();
        boolean plain = prepared.ids().size() == 1 && options.choices() == 1 && options.stop().isEmpty()
                && options.format().isEmpty() && options.tools().isEmpty() && request.composed().isEmpty();
        Optional<ResolvedModel.Shadow> shadow = request.model().shadow();
        if (!plain || shadow.isEmpty() || ThreadLocalRandom.current().nextDouble() >= shadow.get().fraction()) return;
        long start = System.nanoTime();
        answer.watch(tokens -> shadows.accept(new Answered(request.requestId(), request.caller().tenantId(),
                shadow.get(), request.model().adapter().orElseThrow(), model, prepared.ids().getFirst(),
                prepared.maxTokens(), options.sampling(), stopTokens(request, model), tokens,
                (System.nanoTime() - start) / 1000)));
    }

    private static List<Choice> choices(GenerationRequest request, Served served, Prompts.Prepared prepared) {
        List<Choice> choices = new ArrayList<>();
        Citations citations = prepared.citations();
        Optional<Dialect> dialect = served.dialect().filter(one -> request.options().tools().isPresent());
        for (int i = 0; i < prepared.ids().size() * request.options().choices(); i++) {
            Optional<Detokenizer> detokenizer = served.model().tokenizer().map(Tokenizer::newDetokenizer)
                    .map(plain -> dialect.map(one -> one.marked(plain)).orElse(plain));
            choices.add(new Choice(i, detokenizer, dialect.map(one -> one.reader(request.options().tools()
                    .orElseThrow())), request.options().stop(), AnswerReader.of(prepared.format(), citations,
                            request.knowledge().showReasoning()), stopTokens(request, served.model())));
        }
        return choices;
    }

    private static Set<Integer> stopTokens(GenerationRequest request, EngineModel model) {
        return request.options().ignoreEos() ? Set.of() : model.engine().model().stopTokens();
    }

    /** @return when to ask again, if the engine has no room for all of them */
    private Optional<Duration> submit(GenerationRequest request, EngineModel model, Prompts.Prepared prepared,
            Optional<Grammar> grammar, List<Choice> choices, Answer answer, UsageRecorder.Ticket ticket) {
        List<EngineAdapter> loaded = loaded(request).stream().map(adapter -> counted(adapter, ticket)).toList();
        for (Choice choice : choices) {
            int[] prompt = prepared.ids().get(choice.index() / request.options().choices());
            EngineRequest sequence = new EngineRequest(request.requestId(), request.caller().tenantId(), request.flow(),
                    prompt, prepared.maxTokens(), sampling(request.options().sampling(), choice.index()), loaded,
                    stopTokens(request, model), request.options().topLogprobs(),
                    grammar.map(Grammar::newConstraint), answer.allowance(choice));
            switch (model.engine().submit(sequence, answer.sink(choice))) {
                case Submission.Accepted accepted -> answer.accepted(choice, accepted.sequenceId());
                case Submission.Busy busy -> {
                    return Optional.of(busy.retryAfter());
                }
            }
        }
        return Optional.empty();
    }

    /** The engine asks for an adapter's files when it has to bring it into memory: whoever made it do so is billed. */
    private static EngineAdapter counted(EngineAdapter adapter, UsageRecorder.Ticket ticket) {
        return new EngineAdapter(adapter.owner(), adapter.name(), adapter.version(), adapter.digest(), adapter.scale(),
                () -> {
                    Path folder = adapter.files().folder();
                    ticket.adapterLoaded();
                    return folder;
                });
    }

    private List<EngineAdapter> loaded(GenerationRequest request) {
        List<EngineAdapter> all = new ArrayList<>();
        request.model().adapter().map(adapters).ifPresent(all::add);
        for (GenerationRequest.Composed composed : request.composed()) {
            EngineAdapter adapter = adapters.apply(composed.adapter());
            all.add(new EngineAdapter(adapter.owner(), adapter.name(), adapter.version(), adapter.digest(),
                    composed.scale(), adapter.files()));
        }
        return all;
    }

    /** Choices of one seed differ from each other, and the same request repeats them all. */
    private static Sampling sampling(Sampling asked, int choice) {
        if (asked.seed().isEmpty() || choice == 0) return asked;
        return new Sampling(asked.temperature(), asked.topP(), asked.topK(), asked.minP(), asked.frequencyPenalty(),
                asked.presencePenalty(), asked.repetitionPenalty(), OptionalLong.of(asked.seed().getAsLong() + choice),
                asked.logitBias());
    }
}
