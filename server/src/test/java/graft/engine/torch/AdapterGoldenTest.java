package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.EngineStatus;
import graft.engine.Finished;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.weights.TestModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every variant of LoRA's mathematics against PEFT's figures: alone, mixed with the others and the base, in slices. */
class AdapterGoldenTest {
    private static final List<String> LLAMA = List.of("l3-dora-r8", "l3-embed-head", "l3-layer-subset", "l3-lora-bias",
            "l3-modules-to-save", "l3-patterns", "l3-r16-all", "l3-r4-qv", "l3-rslora-r8");

    static TorchSettings settings(int tokensPerStep, long adapterBytes, long hostBytes) {
        return new TorchSettings(Precision.FLOAT32, "cpu", 1, 16 << 20, 4, tokensPerStep, 32, 64, 16, adapterBytes, hostBytes,
                2, 512, 10, true);
    }

    static JsonNode cases(String resource) {
        try {
            return new ObjectMapper().readTree(TestModels.folder(resource).resolve("golden.json").toFile()).get("cases");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static EngineAdapter adapter(String name, double scale) {
        return new EngineAdapter(name, 1, "sha256:" + name, scale, () -> TestModels.folder("adapters/" + name));
    }

    static int[] ints(JsonNode array) {
        return new ObjectMapper().convertValue(array, int[].class);
    }

    static Collected submit(TorchEngine engine, int[] prompt, int tokens, EngineAdapter... adapters) {
        var sink = new Collected();
        var request = new EngineRequest("r", "tenant", prompt, tokens, Sampling.GREEDY, List.of(adapters), Set.of(), 10,
                Optional.empty());
        assertTrue(engine.submit(request, sink) instanceof Submission.Accepted);
        return sink;
    }

    static void check(JsonNode golden, Collected sink) {
        Finished end = sink.end();
        assertEquals(Finished.Reason.LENGTH, end.reason(), () -> end.failure().orElse(""));
        JsonNode greedy = golden.has("greedy_10") ? golden.get("greedy_10") : golden.get("greedy_12");
        var first = sink.tokens.getFirst();
        assertEquals(golden.get("logsumexp").asDouble(), first.logsumexp(), 1e-3);
        for (int k = 0; k < 10; k++) {
            assertEquals(golden.get("top10_ids").get(k).asInt(), first.top().get(k).id());
            assertEquals(golden.get("top10_logits").get(k).asDouble(), first.top().get(k).logprob() + first.logsumexp(), 1e-3);
        }
        assertArrayEquals(ints(greedy), sink.ids());
    }

    @ParameterizedTest
    @CsvSource({"tiny-llama3, 512", "tiny-llama3, 7", "tiny-qwen2, 512", "tiny-qwen2, 7", "tiny-qwen3, 512", "tiny-qwen3, 7",
            "tiny-deepseek-v3, 512", "tiny-deepseek-v3, 7"})
    void goldensHoldWithAllAdaptersAndTheBaseInOneBatch(String model, int tokensPerStep) {
        List<String> names = switch (model) {
            case "tiny-llama3" -> LLAMA;
            case "tiny-qwen2" -> List.of("q2-r8-all");
            case "tiny-qwen3" -> List.of("q3-r8-all");
            default -> List.of("dsv3-r8-attn");
        };
        try (var engine = TorchEngine.open(model, TestModels.folder("models/" + model), settings(tokensPerStep, 64 << 20, 0))) {
            List<JsonNode> goldens = new ArrayList<>();
            List<Collected> sinks = new ArrayList<>();
            for (JsonNode each : cases("models/" + model)) {
                goldens.add(each);
                sinks.add(submit(engine, ints(each.get("input_ids")), 12));
            }
            for (String name : names) {
                for (JsonNode each : cases("adapters/" + name)) {
                    goldens.add(each);
                    sinks.add(submit(engine, ints(each.get("input_ids")), 10, adapter(name, 1)));
                }
            }
            for (int i = 0; i < sinks.size(); i++) check(goldens.get(i), sinks.get(i));
        }
    }

    @Test
    void goldensHoldAloneWithRoomForOneAdapterAtATime() {
        // 9 adapters of up to 400 KB through a device tier that holds the largest alone, and a host tier of some.
        try (var engine = TorchEngine.open("tiny", TestModels.folder("models/tiny-llama3"), settings(512, 420_000, 500_000))) {
            for (int round = 0; round < 2; round++) {
                for (String name : LLAMA) {
                    for (JsonNode each : cases("adapters/" + name))
                        check(each, submit(engine, ints(each.get("input_ids")), 10, adapter(name, 1)));
                }
            }
            EngineStatus status = engine.status();
            long device = status.adapters().stream().filter(each -> each.tier() == EngineStatus.Tier.DEVICE)
                    .mapToLong(EngineStatus.ResidentAdapter::bytes).sum();
            assertTrue(device <= 420_000, "device tier holds " + device);
            assertTrue(status.totals().adapterLoads() > LLAMA.size(), "nothing was ever forgotten");
        }
    }

    @Test
    void manyAdaptersThroughLittleRoomAtOnceAllGetTheirTurn() {
        try (var engine = TorchEngine.open("tiny", TestModels.folder("models/tiny-llama3"), settings(64, 420_000, 0))) {
            List<JsonNode> goldens = new ArrayList<>();
            List<Collected> sinks = new ArrayList<>();
            for (String name : LLAMA) {
                for (JsonNode each : cases("adapters/" + name)) {
                    goldens.add(each);
                    sinks.add(submit(engine, ints(each.get("input_ids")), 10, adapter(name, 1)));
                }
            }
            for (int i = 0; i < sinks.size(); i++) check(goldens.get(i), sinks.get(i));
        }
    }

    @Test
    void anAdapterThatCannotBeLoadedFailsItsOwnSequenceOnly() {
        try (var engine = TorchEngine.open("tiny", TestModels.folder("models/tiny-llama3"), settings(512, 64 << 20, 0))) {
            JsonNode golden = cases("adapters/l3-r16-all").get(0);
            Collected good = submit(engine, ints(golden.get("input_ids")), 10, adapter("l3-r16-all", 1));
            var broken = new EngineAdapter("broken", 1, "sha256:broken", 1, () -> {
                throw new UncheckedIOException(new IOException("the database is away"));
            });
            var foreign = new EngineAdapter("foreign", 1, "sha256:foreign", 1, () -> TestModels.folder("adapters/q2-r8-all"));
            Finished end = submit(engine, new int[] {1, 2}, 5, broken).end();
            assertEquals(Finished.Reason.FAILED, end.reason());
            assertTrue(end.failure().orElseThrow().contains("the database is away"));
            assertEquals(Finished.Reason.FAILED, submit(engine, new int[] {1, 2}, 5, foreign).end().reason());
            check(golden, good);
            // Whoever comes later tries again.
            var repaired = new EngineAdapter("broken", 1, "sha256:broken", 1, () -> TestModels.folder("adapters/l3-r16-all"));
            check(golden, submit(engine, ints(golden.get("input_ids")), 10, repaired));
        }
    }

    @Test
    void twoHalvesOfAnAdapterAreTheWholeAndNoneOfItIsTheBase() {
        try (var engine = TorchEngine.open("tiny", TestModels.folder("models/tiny-llama3"), settings(512, 64 << 20, 0))) {
            for (String name : List.of("l3-r16-all", "l3-lora-bias", "l3-embed-head")) {
                JsonNode golden = cases("adapters/" + name).get(0);
                check(golden, submit(engine, ints(golden.get("input_ids")), 10, adapter(name, 0.25), adapter(name, 0.75)));
            }
            JsonNode base = cases("models/tiny-llama3").get(1);
            for (String name : LLAMA) check(base, submit(engine, ints(base.get("input_ids")), 12, adapter(name, 0)));
        }
    }

    @Test
    void anEvictedAdapterIsGoneOnceNobodyUsesIt() {
        try (var engine = TorchEngine.open("tiny", TestModels.folder("models/tiny-llama3"), settings(512, 64 << 20, 0))) {
            JsonNode golden = cases("adapters/l3-r4-qv").get(0);
            var running = submit(engine, ints(golden.get("input_ids")), 10, adapter("l3-r4-qv", 1));
            check(golden, running);
            engine.evict("sha256:l3-r4-qv");
            engine.evict("sha256:unknown");
            long deadline = System.nanoTime() + 10_000_000_000L;
            while (!engine.status().adapters().isEmpty())
                assertTrue(System.nanoTime() < deadline, () -> "still there: " + engine.status().adapters());
            check(golden, submit(engine, ints(golden.get("input_ids")), 10, adapter("l3-r4-qv", 1)));
            assertEquals(2, engine.status().totals().adapterLoads());
        }
    }

    @Test
    void valuesThatAreNotFiniteFailTheirOwnSequenceAndReachNobody() {
        try (var engine = TorchEngine.open("tiny", TestModels.folder("models/tiny-llama3"), settings(512, 64 << 20, 0))) {
            JsonNode base = cases("models/tiny-llama3").get(1);
            Collected beside = submit(engine, ints(base.get("input_ids")), 12);
            Finished end = submit(engine, ints(base.get("input_ids")), 12, adapter("l3-r16-all", 1e38)).end();
            assertEquals(Finished.Reason.FAILED, end.reason());
            assertTrue(end.failure().orElseThrow().contains("not finite"));
            check(base, beside);
            JsonNode mild = cases("adapters/l3-r16-all").get(0);
            check(mild, submit(engine, ints(mild.get("input_ids")), 10, adapter("l3-r16-all", 1)));
            EngineStatus status = engine.status();
            while (status.running() > 0) status = engine.status();
            assertEquals(status.blocks().total(), status.blocks().free());
            assertTrue(status.healthy());
        }
    }
}
