package graft.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.admission.Admitted;
import graft.admission.Caller;
import graft.admission.RateLimits;
import graft.admission.ResolvedModel;
import graft.engine.BaseModel;
import graft.engine.FakeEngine;
import graft.engine.Finished;
import graft.engine.Sampling;
import graft.engine.ToyModel;
import graft.generation.GenerationRequest.Knowledge;
import graft.generation.GenerationRequest.Prompt;
import graft.generation.grammar.Grammars;
import graft.knowledge.Filters;
import graft.knowledge.Ingestion;
import graft.knowledge.KnowledgeRig;
import graft.knowledge.WordEmbedder;
import graft.knowledge.grounding.StoreRetrieval;
import graft.metering.UsageRecorder;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.SearchDao;
import graft.registry.knowledge.whole.WholeStoreDao;
import graft.registry.tenant.Scope;
import graft.scheduling.Limits;
import graft.tokens.ByteTokenizer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers over real stores and a small engine: whole stores in front, strict ones, documents that go meanwhile. */
class GroundedAnswersIT {
    private static final String CHATML = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content"
            + " + '<|im_end|>\\n' }}{% endfor %}{{ '<|im_start|>assistant\\n' }}";
    private static final String SAID = "The Fir-964 pump weighs 134 kg [1]. \"It hums at 37 bar.\" [1]";
    private final KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text());
    private final Ingestion ingestion = rig.ingestion();
    private final FakeEngine engine = new FakeEngine(new BaseModel("toy", "sha256:toy", 8192, ByteTokenizer.VOCABULARY,
            Set.of(ByteTokenizer.END)), ToyModel.saying(ByteTokenizer.VOCABULARY, ByteTokenizer.ids(SAID)),
            new Limits(256, 16, 64, 4, 2048, 16, 4), FakeEngine.INBOX);
    private final Generation generation = generation(2048);
    private String tenant;
    private KnowledgeStore store;
    private String pump;

    private Generation generation(int autoPinned) {
        ByteTokenizer tokenizer = new ByteTokenizer();
        EngineModel model = new EngineModel(engine, Optional.of(tokenizer), Optional.of(ChatTemplate.compile(CHATML)),
                "", "<|im_end|>");
        StoreRetrieval retrieval = new StoreRetrieval(rig.search, new SearchDao(rig.test.database(),
                new SearchDao.Bm25(0.9, 0.4)), new WholeStoreDao(rig.test.database()), rig.retrievals, new Filters(16),
                rig.embedder);
        UsageRecorder usage = start -> new UsageRecorder.Ticket() {
            @Override
            public void generated(int tokensSoFar) {}

            @Override
            public void retrieved(int queryTokens, long micros) {}

            @Override
            public UsageRecorder.Settled settle(Finished finished, int deliveredTokens) {
                return new UsageRecorder.Settled(0, "EUR");
            }

            @Override
            public void close() {}
        };
        return new Generation(Map.of("toy", model), adapter -> {
            throw new AssertionError("no adapter is asked for");
        }, Optional.of(retrieval), request -> new Admitted(RateLimits.NONE, () -> { }), usage,
                new Generation.Settings(128, 64, Duration.ofSeconds(30), Grammars.Limits.DEFAULT, Optional.empty(),
                        new Generation.Grounding(4000, autoPinned, 0.35)), Clock.systemUTC());
    }

    @BeforeEach
    void fill() {
        ingestion.start();
        tenant = rig.tenant("grounded");
        store = rig.store(tenant);
        pump = rig.upload(tenant, "pump.md", "# Fir-964\r\n\r\nThe Fir-964 pump\r\nweighs 134 kg. "
                + "It hums at 37 bar. " + "Oil it weekly. ".repeat(20));
        rig.attach(tenant, store, pump, "{}");
        rig.attach(tenant, store, rig.upload(tenant, "valve.md", "The Elm-106 valve is blue. " + "Keep it dry. "
                .repeat(20)), "{}");
        ingestion.wake();
        KnowledgeRig.await(Duration.ofSeconds(30), () -> rig.counts(tenant, store).completed() == 2);
    }

    @AfterEach
    void close() {
        ingestion.close();
        engine.close();
        rig.close();
    }

    private Outcome start(Generation by, String mode, boolean strict, String... questions) {
        List<Map<String, Object>> messages = new ArrayList<>();
        for (String question : questions) messages.add(Map.of("role", "user", "content", question));
        return by.start(new GenerationRequest(new Caller(tenant, "g", "key", Set.of(Scope.INFERENCE)), "req",
                "chat.completions", "", new ResolvedModel("toy", "toy", Optional.empty()), List.of(),
                new Prompt.Chat(messages, Map.of()), new GenerationRequest.Options(OptionalInt.of(100),
                        Sampling.GREEDY, List.of(), 1, 0, false, Optional.empty(), Optional.empty()),
                new Knowledge(List.of(store.id()), 4, Optional.empty(), mode, strict, true)));
    }

    /** What came of it. */
    private record Answered(Summary summary, String text, List<Delta.Cited> citations) {
        String mode() {
            return summary.retrieved().orElseThrow().mode();
        }
    }

    private static Answered finish(Outcome outcome) {
        StringBuilder text = new StringBuilder();
        List<Delta.Cited> citations = new ArrayList<>();
        try (Answer answer = assertInstanceOf(Answer.class, outcome)) {
            Summary summary = answer.finish(delta -> {
                text.append(delta.text());
                citations.addAll(delta.citations());
            });
            return new Answered(summary, text.toString(), citations);
        }
    }

    @Test
    void aPinnedStoreIsComputedOnceAndCitedTruly() {
        Answered first = finish(start(generation, "pinned", false, "What does the pump weigh?"));
        Answered second = finish(start(generation, "pinned", false, "Which colour has the valve?"));
        int documents = 600;
        System.out.println("GroundedAnswersIT prompt=" + second.summary.promptTokens() + " cached first="
                + first.summary.cachedPromptTokens() + " second=" + second.summary.cachedPromptTokens());
        assertEquals("pinned", first.mode());
        assertTrue(first.summary.cachedPromptTokens() < 64);
        assertTrue(second.summary.cachedPromptTokens() > documents, second.summary::toString);
        String stored = rig.documents.text(tenant, store.id(), pump).orElseThrow();
        assertEquals(2, second.citations.size());
        for (Delta.Cited cited : second.citations) {
            int[] points = stored.codePoints().toArray();
            assertEquals(new String(points, cited.citation().start(), cited.citation().end()
                    - cited.citation().start()), cited.citation().quote());
        }
        assertEquals("The Fir-964 pump\r\nweighs 134 kg", second.citations.getFirst().citation().quote());
    }

    @Test
    void autoPinsASmallStoreAndSearchesALargerOneAndSaysSo() {
        assertEquals("pinned", finish(start(generation, "auto", false, "What does the pump weigh?")).mode());
        assertEquals("search", finish(start(generation(100), "auto", false, "What does the pump weigh?")).mode());
        assertEquals("search", finish(start(generation, "search", false, "What does the pump weigh?")).mode());
        rig.attach(tenant, store, rig.upload(tenant, "long.txt", "Nothing of note. ".repeat(300)), "{}");
        ingestion.wake();
        KnowledgeRig.await(Duration.ofSeconds(30), () -> rig.counts(tenant, store).completed() == 3);
        Outcome.Invalid refused = assertInstanceOf(Outcome.Invalid.class, start(generation, "pinned", false, "Hm?"));
        assertEquals("graft.retrieval", refused.param());
    }

    @Test
    void aDeletedDocumentLeavesThePinnedPrefixAndRunningStreamsAtOnce() {
        engine.pause();
        Outcome running = start(generation, "pinned", false, "What does the pump weigh?");
        assertTrue(rig.documents.detach(tenant, store.id(), pump, "test").isPresent());
        engine.resume();
        Answered late = finish(running);
        assertEquals(SAID, late.text);
        assertEquals(List.of(), late.citations);
        assertEquals(2, late.summary.unverifiedQuotes());
        Answered next = finish(start(generation, "pinned", false, "What does the pump weigh?"));
        assertEquals(List.of("valve.md"), next.summary.shown().stream().map(one -> one.filename()).distinct().toList());
        assertEquals(List.of(), next.citations);
    }

    @Test
    void aStrictAnswerIsOneSentenceWhereThePassagesDoNotCarryIt() {
        for (String mode : List.of("search", "pinned", "auto")) {
            Answered none = finish(start(generation, mode, true, "What does error E57 of the pump mean?"));
            assertEquals("The documents do not say.", none.text, mode);
            assertEquals(0, none.summary.generatedTokens());
            assertEquals("The documents do not say.", finish(start(generation, mode, true,
                    "Who discovered penicillin during holidays?")).text, mode);
            assertEquals(SAID, finish(start(generation, mode, true, "How much does the Fir-964 pump weigh?")).text);
        }
        assertEquals(SAID, finish(start(generation, "search", false, "Who discovered penicillin?")).text);
    }

    @Test
    void aFollowUpIsSearchedForWithTheQuestionItLeansOn() {
        Answered answer = finish(start(generation, "search", false, "What does the Fir-964 weigh?", "And its colour?"));
        String queries = rig.retrievals.find(tenant, answer.summary.retrieved().orElseThrow().retrievalId())
                .orElseThrow().entry().queries();
        assertEquals("[\"What does the Fir-964 weigh? And its colour?\"]", queries);
    }
}
