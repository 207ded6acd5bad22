package graft.engine.torch;

import static graft.engine.torch.AdapterGoldenTest.adapter;
import static graft.engine.torch.AdapterGoldenTest.cases;
import static graft.engine.torch.AdapterGoldenTest.check;
import static graft.engine.torch.AdapterGoldenTest.ints;
import static graft.engine.torch.AdapterGoldenTest.settings;
import static graft.engine.torch.AdapterGoldenTest.submit;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import graft.engine.EngineAdapter;
import graft.weights.TestModels;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Activated LoRA against PEFT's figures (adapters/l3-alora-r8/golden.py), and what of its KV is shared. */
class ActivatedLoraTest {
    private static final EngineAdapter ACTIVATED = adapter("l3-alora-r8", 1);
    private static final EngineAdapter OTHER = new EngineAdapter("other", 1, "sha256:other", 1,
            () -> TestModels.folder("adapters/l3-alora-r8"));
    /** Its invocation begins at token 21, behind five full blocks of four. */
    private static final JsonNode IN_THE_MIDDLE = cases("adapters/l3-alora-r8").get(0);

    @ParameterizedTest
    @ValueSource(ints = {512, 7})
    void goldensHoldInOneBatchWithTheBaseAndOtherAdaptersAndInSlices(int tokensPerStep) {
        try (var engine = open(tokensPerStep)) {
            List<JsonNode> goldens = new ArrayList<>();
            List<Collected> sinks = new ArrayList<>();
            for (String name : List.of("l3-alora-r8", "l3-r16-all", "l3-dora-r8", "l3-embed-head")) {
                for (JsonNode each : cases("adapters/" + name)) {
                    goldens.add(each);
                    sinks.add(submit(engine, ints(each.get("input_ids")), 10, adapter(name, 1)));
                }
            }
            for (JsonNode each : cases("models/tiny-llama3")) {
                goldens.add(each);
                sinks.add(submit(engine, ints(each.get("input_ids")), 12));
            }
            for (int i = 0; i < sinks.size(); i++) check(goldens.get(i), sinks.get(i));
        }
    }

    @Test
    void goldensHoldAloneAndAsTheSumOfTwoParts() {
        try (var engine = open(512)) {
            for (JsonNode each : cases("adapters/l3-alora-r8")) {
                check(each, submit(engine, ints(each.get("input_ids")), 10, ACTIVATED));
                check(each, submit(engine, ints(each.get("input_ids")), 10, adapter("l3-alora-r8", 0.25), adapter("l3-alora-r8", 0.75)));
            }
        }
    }

    @Test
    void whatIsBeforeTheInvocationIsComputedOnceForTheBaseAndAllActivatedAdapters() {
        try (var engine = open(512)) {
            assertEquals(0, cached(submit(engine, ints(IN_THE_MIDDLE.get("input_ids")), 10)));
            Collected first = submit(engine, ints(IN_THE_MIDDLE.get("input_ids")), 10, ACTIVATED);
            assertEquals(20, cached(first), "five blocks of the base");
            check(IN_THE_MIDDLE, first);
            Collected other = submit(engine, ints(IN_THE_MIDDLE.get("input_ids")), 10, OTHER);
            assertEquals(20, cached(other));
            check(IN_THE_MIDDLE, other);
            assertEquals(32, cached(submit(engine, ints(IN_THE_MIDDLE.get("input_ids")), 10, ACTIVATED)), "its own blocks");
            assertEquals(0, cached(submit(engine, ints(IN_THE_MIDDLE.get("input_ids")), 10, adapter("l3-r16-all", 1))));
        }
    }

    @Test
    void theBaseFindsWhatAnActivatedAdapterLeft() {
        try (var engine = open(512)) {
            check(IN_THE_MIDDLE, submit(engine, ints(IN_THE_MIDDLE.get("input_ids")), 10, ACTIVATED));
            assertEquals(20, cached(submit(engine, ints(IN_THE_MIDDLE.get("input_ids")), 10)));
        }
    }

    private static TorchEngine open(int tokensPerStep) {
        return TorchEngine.open("tiny", TestModels.folder("models/tiny-llama3"), settings(tokensPerStep, 64 << 20, 0));
    }

    private static int cached(Collected sink) {
        return sink.end().cachedPromptTokens();
    }
}
