package graft;

import graft.KnowledgeRoom.EmbedderParts;
import graft.engine.BaseModel;
import graft.engine.FakeEngine;
import graft.engine.InferenceEngine;
import graft.engine.ToyModel;
import graft.generation.ChatTemplate;
import graft.generation.EngineModel;
import graft.knowledge.TextEmbedder;
import graft.knowledge.WordEmbedder;
import graft.scheduling.Limits;
import graft.tokens.ByteTokenizer;
import graft.weights.ModelConfig;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;

/**
 * The whole server on a {@link FakeEngine} and an embedder of words: everything is real but the arithmetic. As a main
 * class it is what {@code ./graft up} starts, so that a test can kill it; {@code graft.journal} then names the file in
 * which its engine writes down every token that it emits, {@code graft.step-micros} how long a step takes;
 * {@code graft.engine=real} puts the demo model in the toy's place.
 */
public final class FakeServer {
    static final String BASE = "toy";
    /** Shapes that uploaded adapters are proved against. */
    static final String SHAPES = "tiny-llama3";
    private static final int CONTEXT = 4096;
    private static final Limits LIMITS = new Limits(256, 64, 1024, 8, 8192, 16);
    private static final String CHATML =
            "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}"
            + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private FakeServer() {}

    public static void main(String[] arguments) {
        UnaryOperator<InferenceEngine> journal = Optional.ofNullable(System.getProperty("graft.journal"))
                .<UnaryOperator<InferenceEngine>>map(file -> engine -> new JournalingEngine(engine, Path.of(file)))
                .orElse(UnaryOperator.identity());
        long micros = Long.getLong("graft.step-micros", 0);
        boolean real = System.getProperty("graft.engine", "fake").equals("real");
        System.exit(Main.run(config -> real ? journalled(Server.Arithmetic.of(config), journal)
                : arithmetic(paced(micros), journal), arguments));
    }

    /** The engine of {@code ./graft up} itself. */
    private static Server.Arithmetic journalled(Server.Arithmetic real, UnaryOperator<InferenceEngine> around) {
        return new Server.Arithmetic(() -> {
            ServedModels.Served served = real.models().call().all().values().iterator().next();
            EngineModel model = served.model();
            return ServedModels.of(new EngineModel(around.apply(model.engine()), model.tokenizer(),
                    model.chatTemplate(), model.bosToken(), model.eosToken()), served.config());
        }, real.embedder());
    }

    /** In this process. */
    static Server start(ServerConfig config, DataFolder data) {
        return Server.start(config, data, arithmetic(paced(0), UnaryOperator.identity()));
    }

    /** Text that depends on all before it; a step takes so long, as a real one would. */
    private static ToyModel paced(long micros) {
        ToyModel hashing = ToyModel.hashing(ByteTokenizer.VOCABULARY);
        long[] last = {System.nanoTime()};
        return (request, tokens) -> {
            // Only the first row of a step waits: rows of one step are asked for within a fraction of its time.
            if (micros > 0 && System.nanoTime() - last[0] > micros * 500) {
                LockSupport.parkNanos(micros * 1000);
                last[0] = System.nanoTime();
            }
            return printable(hashing.logits(request, tokens));
        };
    }

    /** Letters only, so that a token is a character and a client can count them. */
    private static float[] printable(float[] logits) {
        for (int i = 0; i < logits.length; i++) if (i < 'a' || i > 'z') logits[i] = -1000;
        return logits;
    }

    private static Server.Arithmetic arithmetic(ToyModel toy, UnaryOperator<InferenceEngine> around) {
        BaseModel base = new BaseModel(BASE, "sha256:0123456789abcdef", CONTEXT, ByteTokenizer.VOCABULARY,
                Set.of(ByteTokenizer.END));
        Path shapes = Path.of(System.getProperty("graft.root"), "server/src/test/resources/models", SHAPES);
        return new Server.Arithmetic(() -> ServedModels.of(new EngineModel(
                around.apply(new FakeEngine(base, toy, LIMITS, 512)), Optional.of(new ByteTokenizer()),
                Optional.of(ChatTemplate.compile(CHATML)), "", "<|im_end|>"), ModelConfig.read(shapes)),
                () -> new EmbedderParts(new WordEmbedder(), new WordEmbedder.Words(),
                        new TextEmbedder(new WordEmbedder(), new WordEmbedder.Words())));
    }
}
