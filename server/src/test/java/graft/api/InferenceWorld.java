package graft.api;

import graft.admission.Admission;
import graft.admission.Admitted;
import graft.admission.Caller;
import graft.admission.CatalogView;
import graft.admission.RateLimits;
import graft.admission.ResolvedModel;
import graft.engine.BaseModel;
import graft.engine.EngineAdapter;
import graft.engine.FakeEngine;
import graft.engine.Finished;
import graft.engine.ToyModel;
import graft.generation.ChatTemplate;
import graft.generation.EngineModel;
import graft.generation.Generation;
import graft.generation.grammar.Grammars;
import graft.knowledge.Passage;
import graft.knowledge.Retrieval;
import graft.knowledge.TextEmbedder;
import graft.metering.UsageRecorder;
import graft.registry.tenant.Scope;
import graft.tokens.ByteTokenizer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A whole server over HTTP whose engine is a {@link FakeEngine}: two bases (one without a tokeniser), an adapter that
 * speaks raft-v1, one knowledge store, and a ledger that remembers what it was told.
 */
final class InferenceWorld implements AutoCloseable {
    static final String BASE = "toy";
    static final String BARE = "bare";
    static final String STORE = "vs_handbook";
    static final Caller CALLER = new Caller("tenant-a", "A", "key-a", Set.of(Scope.INFERENCE));
    static final ResolvedModel.Adapter READER = new ResolvedModel.Adapter("reader", "tenant-a", 3, "sha256:reader",
            Optional.of("raft-v1"), false);
    static final Passage PASSAGE = new Passage("chunk-1", "file-1", "pump.md", "rev-1", 10, 34,
            "The pump weighs 134 kg.\n", 0.5);
    private static final String CHATML =
            "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}"
            + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
    final FakeEngine engine;
    final FakeEngine bare;
    final List<Row> ledger = new CopyOnWriteArrayList<>();
    final List<Retrieval.Question> questions = new CopyOnWriteArrayList<>();
    volatile Optional<Admission.Refused> refusal = Optional.empty();
    volatile List<Passage> passages = List.of(PASSAGE);
    final AtomicInteger admitted = new AtomicInteger();
    final TestServer server;

    /** A usage row as it was opened and, if it was, settled. */
    static final class Row implements UsageRecorder.Ticket {
        final UsageRecorder.Start start;
        volatile Finished settled;
        volatile int delivered;
        volatile int checkpoint;
        volatile int queryTokens;

        Row(UsageRecorder.Start start) {
            this.start = start;
        }

        @Override
        public void generated(int tokensSoFar) {
            checkpoint = tokensSoFar;
        }

        @Override
        public void retrieved(int tokens, long micros) {
            queryTokens = tokens;
        }

        @Override
        public UsageRecorder.Settled settle(Finished finished, int deliveredTokens) {
            if (settled == null) {
                settled = finished;
                delivered = deliveredTokens;
            }
            return new UsageRecorder.Settled(1234, "EUR");
        }

        @Override
        public void close() {
            // a row stays for the test to look at
        }
    }

    InferenceWorld(ToyModel model) {
        this(model, FakeEngine.INBOX);
    }

    InferenceWorld(ToyModel model, int inbox) {
        this(model, inbox, 512);
    }

    /** @param context room for prompt and answer; a description of tools takes some */
    InferenceWorld(ToyModel model, int inbox, int context) {
        this(fake(model, inbox, context), Optional.empty());
    }

    /** @param real serves the base; the fake engine idles */
    InferenceWorld(EngineModel real) {
        this(fake(ToyModel.echoing(ByteTokenizer.VOCABULARY), FakeEngine.INBOX, 512), Optional.of(real));
    }

    private static FakeEngine fake(ToyModel model, int inbox, int context) {
        return new FakeEngine(new BaseModel(BASE, "sha256:0123456789abcdef", context, ByteTokenizer.VOCABULARY,
                Set.of(ByteTokenizer.END)), model, FakeEngine.LIMITS, inbox);
    }

    private InferenceWorld(FakeEngine engine, Optional<EngineModel> real) {
        this.engine = engine;
        bare = new FakeEngine(new BaseModel(BARE, "sha256:bare", 512, 64, Set.of(63)), ToyModel.echoing(64));
        EngineModel spoken = real.orElseGet(() -> new EngineModel(engine, Optional.of(new ByteTokenizer()),
                Optional.of(ChatTemplate.compile(CHATML)), "", "<|im_end|>"));
        EngineModel ids = new EngineModel(bare, Optional.empty(), Optional.empty(), "", "");
        Admission admission = request -> refusal.<Admission.Decision>map(refused -> refused).orElseGet(() -> {
            admitted.incrementAndGet();
            return new Admitted(RateLimits.NONE, admitted::decrementAndGet);
        });
        UsageRecorder usage = start -> {
            Row row = new Row(start);
            ledger.add(row);
            return row;
        };
        Generation generation = new Generation(Map.of(BASE, spoken, BARE, ids),
                adapter -> new EngineAdapter(adapter.name(),
                adapter.version(), adapter.digest(), 1, () -> Path.of("never-read")), Optional.of(this::retrieve),
                        admission,
                usage, new Generation.Settings(64, 16, Duration.ofMinutes(2), Grammars.Limits.DEFAULT,
                        Optional.empty()), Clock.systemUTC());
        InferenceApi api = new InferenceApi(new Catalog(), generation,
                Optional.of(new TextEmbedder(new LetterEmbedder(),
                new ByteTokenizer())), admission, usage, InferenceApi.Settings.DEFAULT, Clock.systemUTC());
        server = new TestServer(api.resources(), Map.of("good", CALLER), 1 << 20);
    }

    private Retrieval.Retrieved retrieve(Retrieval.Question question) {
        questions.add(question);
        if (!question.storeIds().equals(List.of(STORE))) throw new Retrieval.UnknownStoreException(question.storeIds()
                .getFirst());
        return new Retrieval.Retrieved("ret_1", "search", passages, 7, 1500);
    }

    /** The tokens of a text, as a model would say them. */
    static ToyModel saying(String text) {
        return ToyModel.saying(ByteTokenizer.VOCABULARY, ByteTokenizer.ids(text));
    }

    private static final class Catalog implements CatalogView {
        @Override
        public Optional<ResolvedModel> resolve(Caller caller, String model, Optional<String> sticky) {
            return switch (model) {
                case BASE, BARE -> Optional.of(new ResolvedModel(model, model, Optional.empty()));
                case "reader", "reader@3", "reader@production" ->
                        Optional.of(new ResolvedModel("reader@3", BASE, Optional.of(READER)));
                default -> Optional.empty();
            };
        }

        @Override
        public List<Listed> list(Caller caller) {
            return List.of(new Listed(BASE, "base", BASE, Optional.empty(), "sha256:0123456789abcdef", 1, "graft"),
                    new Listed("reader", "adapter", BASE, Optional.of(3), READER.digest(), 2, "tenant-a"),
                    new Listed("reader@production", "alias", BASE, Optional.of(3), READER.digest(), 2, "tenant-a"));
        }
    }

    /** Counts the first letters: enough to tell vectors apart. */
    private static final class LetterEmbedder implements graft.engine.Embedder {
        @Override
        public String id() {
            return "letters";
        }

        @Override
        public int dimensions() {
            return 4;
        }

        @Override
        public int window() {
            return 16;
        }

        @Override
        public List<float[]> embed(List<int[]> texts) {
            List<float[]> vectors = new ArrayList<>();
            for (int[] text : texts) {
                float[] vector = {1, 0, 0, 0};
                for (int id : text) vector[id % 4]++;
                double length = Math.sqrt(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]
                        + vector[3] * vector[3]);
                for (int i = 0; i < 4; i++) vector[i] /= (float) length;
                vectors.add(vector);
            }
            return vectors;
        }

        @Override
        public void close() {
            // holds nothing
        }
    }

    @Override
    public void close() {
        server.close();
        engine.close();
        bare.close();
    }

    /** A hold is given back after the reply was sent, so whoever has the reply may be a moment early. */
    void awaitAllReleased() {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (admitted.get() != 0) {
            if (System.nanoTime() > deadline) throw new AssertionError(admitted.get() + " holds were not given back");
            Thread.onSpinWait();
        }
    }
}
