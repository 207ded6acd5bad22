package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.scheduling.drafting.Speculation;
import graft.weights.ModelFiles;
import graft.weights.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every golden case of every small model and of every adapter for it, in float32 and in five forms: alone, in one batch
 * with all the others of that model, prefilled in slices of 7, preempted, and with its prefix cached. Prints the worst
 * difference of a logit per form.
 */
class GoldenFormsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double TOLERANCE = 1e-3;
    private static final int BLOCK_TOKENS = 4;
    private static final int PLENTY = 32 << 20;

    /** @param adapter none for the base itself */
    private record Golden(String name, JsonNode values, List<EngineAdapter> adapter) {
        int[] prompt() {
            return JSON.convertValue(values.get("input_ids"), int[].class);
        }

        int[] greedy() {
            for (String field : List.of("greedy", "greedy_10", "greedy_12"))
                if (values.has(field)) return JSON.convertValue(values.get(field), int[].class);
            throw new IllegalStateException(name + " has no greedy tokens");
        }
    }

    static Stream<String> models() throws IOException {
        return folders("models").filter(each -> Files.exists(each.resolve("golden.json")))
                .map(each -> each.getFileName().toString());
    }

    private static Stream<Path> folders(String resource) throws IOException {
        try (Stream<Path> all = Files.list(TestModels.folder(resource))) {
            return all.filter(Files::isDirectory).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyCaseHoldsInEachOfTheFiveForms(String model) throws IOException {
        List<Golden> cases = cases(model);
        int longest = cases.stream().mapToInt(each -> each.prompt().length + each.greedy().length).max().orElseThrow();
        var forms = new StringBuilder();
        try (TorchEngine engine = open(model, 512, PLENTY, Speculation.DEFAULT)) {
            forms.append(form("alone", cases.stream()
                    .mapToDouble(each -> together(engine, "alone " + each.name(), List.of(each))).max().orElseThrow()));
            forms.append(form("together", together(engine, "together", cases)));
            forms.append(form("cached", cached(engine, cases)));
        }
        try (TorchEngine engine = open(model, 7, PLENTY, Speculation.DEFAULT)) {
            forms.append(form("slices", together(engine, "slices", cases)));
        }
        int blocks = 2 * Math.ceilDiv(longest, BLOCK_TOKENS);
        // A rival that computes ahead has left before the case arrives; SpeculationTest preempts those that do.
        try (TorchEngine engine = open(model, 64, kvBytes(model, blocks * BLOCK_TOKENS), Speculation.OFF)) {
            together(engine, "so that adapters are there", cases);
            forms.append(form("preempted", cases.stream()
                    .mapToDouble(each -> preempted(engine, each, blocks)).max().orElseThrow()));
        }
        System.out.println("golden forms model=" + model + " cases=" + cases.size() + forms);
    }

    private static String form(String name, double worst) {
        return String.format(" %s=%.1e", name, worst);
    }

    /** The second round of each prompt of more than a block finds the first one's KV. */
    private static double cached(TorchEngine engine, List<Golden> cases) {
        together(engine, "cached", cases);
        List<Collected> again = submit(engine, "cached", cases);
        for (int i = 0; i < cases.size(); i++) {
            if (cases.get(i).prompt().length <= BLOCK_TOKENS) continue;
            assertTrue(again.get(i).end().cachedPromptTokens() > 0, cases.get(i).name() + " found nothing cached");
        }
        return worst(cases, again);
    }

    /**
     * Beside a sequence of the same tenant that came earlier and grows until the pool is too small for both. On a busy
     * machine it may have grown before the case arrives: then they meet again.
     */
    private static double preempted(TorchEngine engine, Golden golden, int blocks) {
        int own = Math.ceilDiv(golden.prompt().length + 1, BLOCK_TOKENS);
        int[] prompt = new Random(own).ints((blocks - own - 2) * BLOCK_TOKENS - 1, 3, 100).toArray();
        double worst = 0;
        for (int meeting = 0; meeting < 50; meeting++) {
            long before = engine.status().totals().preemptions();
            String tenant = golden.name() + " " + meeting;
            var rival = new Collected();
            engine.submit(new EngineRequest("rival", tenant, prompt, blocks * BLOCK_TOKENS - prompt.length,
                    Sampling.GREEDY, List.of(), Set.of(), 0, Optional.empty()), rival);
            worst = Math.max(worst, together(engine, tenant, List.of(golden)));
            assertEquals(Finished.Reason.LENGTH, rival.end().reason());
            if (engine.status().totals().preemptions() > before) return worst;
        }
        throw new AssertionError(golden.name() + " was never preempted");
    }

    private static double together(TorchEngine engine, String tenant, List<Golden> cases) {
        return worst(cases, submit(engine, tenant, cases));
    }

    private static List<Collected> submit(TorchEngine engine, String tenant, List<Golden> cases) {
        return cases.stream().map(each -> {
            var sink = new Collected();
            var request = new EngineRequest(each.name(), tenant, each.prompt(), each.greedy().length, Sampling.GREEDY,
                    each.adapter(), Set.of(), 10, Optional.empty());
            assertTrue(engine.submit(request, sink) instanceof Submission.Accepted, "the engine is busy");
            return sink;
        }).toList();
    }

    private static double worst(List<Golden> cases, List<Collected> sinks) {
        double worst = 0;
        for (int i = 0; i < cases.size(); i++) worst = Math.max(worst, check(cases.get(i), sinks.get(i)));
        return worst;
    }

    private static double check(Golden golden, Collected sink) {
        Finished end = sink.end();
        assertEquals(Finished.Reason.LENGTH, end.reason(), () -> golden.name() + ": " + end.failure().orElse(""));
        GeneratedToken first = sink.tokens.getFirst();
        double worst = Math.abs(golden.values().get("logsumexp").asDouble() - first.logsumexp());
        for (int k = 0; k < 10; k++) {
            int id = golden.values().get("top10_ids").get(k).asInt();
            double logit = first.top().stream().filter(each -> each.id() == id).findFirst()
                    .orElseThrow(() -> new AssertionError(golden.name() + " lacks the token " + id)).logprob()
                    + first.logsumexp();
            worst = Math.max(worst, Math.abs(golden.values().get("top10_logits").get(k).asDouble() - logit));
        }
        assertTrue(worst <= TOLERANCE, golden.name() + " differs by " + worst);
        int[] greedy = golden.greedy();
        for (int i = 0; i < greedy.length; i++) {
            if (sink.ids()[i] == greedy[i]) continue;
            // Only where the model itself is undecided, as CONTRACT.md has it for `verify`.
            List<GeneratedToken.Alternative> top = sink.tokens.get(i).top();
            double gap = top.get(0).logprob() - top.get(1).logprob();
            assertTrue(gap < TOLERANCE, golden.name() + " goes on differently at " + i + ", where the gap is " + gap);
            break;
        }
        return worst;
    }

    private static TorchEngine open(String model, int tokensPerStep, long kvBytes, Speculation speculation) {
        TorchSettings settings = new TorchSettings(Precision.FLOAT32, "cpu", 1, kvBytes, BLOCK_TOKENS, tokensPerStep, 64,
                128, 16, 64 << 20, 0, 2, 512, 10, true).withSpeculation(speculation);
        return TorchEngine.open(model, TestModels.folder("models/" + model), settings);
    }

    private static long kvBytes(String model, int tokens) throws IOException {
        try (var files = ModelFiles.open(TestModels.folder("models/" + model),
                ModelFiles.DEFAULT_HEADER_LIMIT)) {
            return tokens * Architecture.of(files.config(), Precision.FLOAT32, BLOCK_TOKENS)
                    .kvBytesPerToken(Precision.FLOAT32);
        }
    }

    private static List<Golden> cases(String model) throws IOException {
        Path base = TestModels.folder("models/" + model);
        List<Golden> cases = new ArrayList<>(cases(base, model, ""));
        for (Path adapter : folders("adapters").toList()) {
            if (!JSON.readTree(adapter.resolve("golden.json").toFile()).path("base").asText().equals(model)) continue;
            cases.addAll(cases(adapter, adapter.getFileName().toString(), adapter.getFileName().toString()));
        }
        return cases;
    }

    private static List<Golden> cases(Path folder, String name, String adapter) throws IOException {
        List<Golden> cases = new ArrayList<>();
        for (JsonNode each : JSON.readTree(folder.resolve("golden.json").toFile()).get("cases")) {
            if (each.hasNonNull("adapter")) continue; // stands in the adapter's own folder
            cases.add(new Golden(name + "." + cases.size(), each, adapter.isEmpty() ? List.of()
                    : List.of(new EngineAdapter(adapter, 1, "sha256:" + adapter, 1, () -> folder))));
        }
        return cases;
    }
}
