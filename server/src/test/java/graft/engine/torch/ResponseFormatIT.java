package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.EngineRequest;
import graft.engine.Finished;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.generation.grammar.Grammars;
import graft.generation.grammar.SchemaCases;
import graft.tokens.HuggingFaceTokenizer;
import graft.weights.DemoModel;
import graft.weights.ModelFiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The demo model held to schemas at temperature 1.5, where left alone it would say anything. */
class ResponseFormatIT {
    private static final int TOKENS = 400;
    private static final TorchSettings SETTINGS = new TorchSettings(Precision.FLOAT32, "cpu", 2, 256 << 20, 16, 64, 8,
            4, 128, 8 << 20, 0, 1, 1024, 10, true);
    private static ModelFiles files;
    private static HuggingFaceTokenizer tokenizer;
    private static TorchEngine engine;

    @BeforeAll
    static void open() {
        files = ModelFiles.open(DemoModel.gguf(), ModelFiles.DEFAULT_HEADER_LIMIT);
        tokenizer = HuggingFaceTokenizer.of(files.tokenizerJson().orElseThrow());
        engine = TorchEngine.open("demo", files, SETTINGS);
    }

    @AfterAll
    static void close() {
        engine.close();
        tokenizer.close();
        files.close();
    }

    @Test
    void hotAnswersToSixSchemasAreValid() {
        List<String> all = SchemaCases.all();
        assertTrue(finishedAndValid(all.subList(all.size() - 6, all.size())) >= 5);
    }

    @Test
    @Tag("long")
    void hotAnswersToAllSchemasAreValid() {
        List<String> all = SchemaCases.all();
        assertTrue(finishedAndValid(all) >= all.size() / 2);
    }

    /** Every answer that ends is valid; one that max_tokens cuts says so. */
    private static int finishedAndValid(List<String> schemas) {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Grammars grammars = new Grammars(tokenizer, engine.model().vocabularySize(), engine.model().stopTokens(),
                Set.of(), Grammars.Limits.DEFAULT);
        List<Collected> sinks = new ArrayList<>();
        int finished = 0;
        for (int from = 0; from < schemas.size(); from += 8) {
            sinks.clear();
            List<String> together = schemas.subList(from, Math.min(schemas.size(), from + 8));
            for (int i = 0; i < together.size(); i++) sinks.add(submit(grammars, together.get(i), seed + from + i));
            for (int i = 0; i < together.size(); i++) finished += check(together.get(i), sinks.get(i)) ? 1 : 0;
        }
        System.out.println("schemas=" + schemas.size() + " finished=" + finished);
        return finished;
    }

    private static Collected submit(Grammars grammars, String schema, long seed) {
        String chat = "<|im_start|>user\nInvent something and describe it as JSON of this schema: " + schema
                + "<|im_end|>\n<|im_start|>assistant\n";
        Collected sink = new Collected();
        Sampling sampling = new Sampling(1.5, 1, 0, 0, 0, 0, 1, OptionalLong.of(seed), Map.of());
        assertTrue(engine.submit(new EngineRequest("r", "tenant", tokenizer.encode(chat, false), TOKENS, sampling,
                List.of(), engine.model().stopTokens(), 0, Optional.of(grammars.of(SchemaCases.tree(schema))
                        .newConstraint())), sink) instanceof Submission.Accepted);
        return sink;
    }

    private static boolean check(String schema, Collected sink) {
        Finished end = sink.end();
        if (end.reason() == Finished.Reason.LENGTH) return false;
        assertEquals(Finished.Reason.STOP_TOKEN, end.reason(), () -> schema + " " + end);
        int[] ids = sink.ids();
        SchemaCases.assertValid(schema, tokenizer.decode(Arrays.copyOf(ids, ids.length - 1)));
        return true;
    }
}
