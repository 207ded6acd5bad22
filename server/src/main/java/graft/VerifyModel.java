package graft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.InferenceEngine;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.engine.TokenSink;
import graft.engine.torch.Precision;
import graft.engine.torch.TorchEngine;
import graft.engine.torch.TorchSettings;
import graft.tokens.HuggingFaceTokenizer;
import graft.tokens.Tokenizer;
import graft.weights.ModelFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Runs a model's golden cases through the engine, as the server would, and compares. */
final class VerifyModel {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final JsonNode golden;
    private final Map<String, Path> adapters;
    private final double tolerance;

    VerifyModel(JsonNode golden, List<Path> adapters, double tolerance) {
        this.golden = golden;
        this.tolerance = tolerance;
        this.adapters = adapters.stream().map(path -> path.toAbsolutePath().normalize())
                .collect(Collectors.toMap(path -> path.getFileName().toString(), Function.identity(), (first, second) -> {
                    throw new Verify.UsageException("two adapters are named " + first.getFileName());
                }));
        for (Path adapter : this.adapters.values())
            if (!Files.isDirectory(adapter)) throw new Verify.UsageException(adapter + " is not a folder");
    }

    /**
     * @param slice most tokens of a prompt computed at once; 0: as the server would
     * @return whether all cases hold
     */
    boolean run(Path base, String precision, int slice, Consumer<String> lines) {
        Precision kept;
        try {
            kept = Precision.of(precision);
        } catch (IllegalArgumentException unknown) {
            throw new Verify.UsageException(unknown.getMessage());
        }
        TorchSettings settings = TorchSettings.DEFAULT.withPrecision(kept);
        if (slice > 0) settings = settings.withTokensPerStep(slice);
        try (ModelFiles files = ModelFiles.open(base, ModelFiles.DEFAULT_HEADER_LIMIT)) {
            boolean all = tokenizer(files, lines);
            try (InferenceEngine engine = TorchEngine.open(files.name(), files, settings)) {
                JsonNode cases = golden.get("cases");
                Iterator<String> names = cases.fieldNames();
                for (int i = 0; i < cases.size(); i++) {
                    String name = cases.isObject() ? names.next() : String.valueOf(i);
                    all &= model(engine, name, cases.isObject() ? cases.get(name) : cases.get(i), lines);
                }
            }
            return all;
        }
    }

    /** Cases of the tokeniser, where the golden has some and the model has one. */
    private boolean tokenizer(ModelFiles files, Consumer<String> lines) {
        JsonNode cases = golden.path("tokenizer");
        if (cases.isEmpty() || files.tokenizerJson().isEmpty()) return true;
        boolean all = true;
        try (Tokenizer tokenizer = HuggingFaceTokenizer.of(files.tokenizerJson().orElseThrow())) {
            for (int i = 0; i < cases.size(); i++) {
                int[] ids = tokenizer.encode(cases.get(i).path("text").asText(), false);
                boolean equal = Arrays.equals(ids, ints(cases.get(i).get("ids")));
                lines.accept(JSON.createObjectNode().put("case", "tokenizer." + i).put("equal", equal).toString());
                all &= equal;
            }
        }
        return all;
    }

    private boolean model(InferenceEngine engine, String name, JsonNode one, Consumer<String> lines) {
        int[] greedy = greedy(one);
        List<GeneratedToken> tokens = generate(engine, name, one, Math.max(1, greedy.length));
        ObjectNode line = JSON.createObjectNode().put("case", name);
        boolean holds = true;
        if (one.has("top10_ids")) {
            double difference = difference(one, tokens.getFirst());
            boolean same = sameTop(one, tokens.getFirst());
            line.put("max_logit_diff", difference).put("top10_equal", same);
            holds = same && difference <= tolerance;
        } else line.putNull("max_logit_diff").putNull("top10_equal");
        if (greedy.length > 0) holds &= compareGreedy(greedy, tokens, line);
        else line.putNull("greedy_equal");
        lines.accept(line.toString());
        return holds;
    }

    private static int[] greedy(JsonNode one) {
        for (Iterator<String> names = one.fieldNames(); names.hasNext();) {
            String name = names.next();
            if (name.equals("greedy") || name.matches("greedy_\\d+")) return ints(one.get(name));
        }
        return new int[0];
    }

    private List<GeneratedToken> generate(InferenceEngine engine, String name, JsonNode one, int count) {
        if (!one.path("input_ids").isArray() || one.get("input_ids").isEmpty())
            throw new Verify.UsageException("case " + name + " has no input_ids");
        // A tenant of its own: no case finds the KV of another.
        var request = new EngineRequest(name, "verify " + name, ints(one.get("input_ids")), count, Sampling.GREEDY,
                adapters(name, one), Set.of(), EngineRequest.MAX_TOP_LOGPROBS, Optional.empty());
        var sink = new Collecting();
        try {
            if (!(engine.submit(request, sink) instanceof Submission.Accepted)) throw new IllegalStateException("the engine is busy");
        } catch (IllegalArgumentException refused) {
            throw new Verify.UsageException("case " + name + ": " + refused.getMessage());
        }
        Finished end = sink.end.join();
        if (end.reason() != Finished.Reason.LENGTH)
            throw new Verify.UsageException("case " + name + ": " + end.failure().orElse(end.reason().toString()));
        return sink.tokens;
    }

    /** The adapter that the case names, none for null; else the only one given, or that of the whole golden's name. */
    private List<EngineAdapter> adapters(String name, JsonNode one) {
        if (one.has("adapter") && one.get("adapter").isNull()) return List.of();
        String wanted = one.hasNonNull("adapter") ? one.get("adapter").asText() : "";
        if (wanted.isEmpty() && adapters.size() != 1) wanted = golden.path("adapter").asText("");
        if (wanted.isEmpty() && adapters.isEmpty()) return List.of();
        Path folder = wanted.isEmpty() && adapters.size() == 1 ? adapters.values().iterator().next() : adapters.get(wanted);
        if (folder == null) throw new Verify.UsageException("case " + name + (wanted.isEmpty()
                ? " names no adapter, and there are several" : " needs --adapter with a folder named " + wanted));
        String adapter = folder.getFileName().toString();
        return List.of(new EngineAdapter(adapter, 1, "verify:" + adapter, 1, () -> folder));
    }

    private double difference(JsonNode one, GeneratedToken first) {
        double worst = one.has("logsumexp") ? Math.abs(one.get("logsumexp").asDouble() - first.logsumexp()) : 0;
        for (int i = 0; i < one.get("top10_ids").size(); i++)
            worst = Math.max(worst, Math.abs(one.get("top10_logits").get(i).asDouble()
                    - logit(first, one.get("top10_ids").get(i).asInt())));
        return worst;
    }

    /** Raw logit; of a token that is not even among the alternatives, the least of these. */
    private static double logit(GeneratedToken token, int id) {
        return first(token, id).orElse(token.top().getLast()).logprob() + token.logsumexp();
    }

    private static Optional<GeneratedToken.Alternative> first(GeneratedToken token, int id) {
        return token.top().stream().filter(each -> each.id() == id).findFirst();
    }

    /** The same ids in order, but that those nearer to each other than twice the tolerance may change places. */
    private boolean sameTop(JsonNode one, GeneratedToken first) {
        int[] ids = ints(one.get("top10_ids"));
        for (int i = 0; i < ids.length; i++) {
            int own = first.top().get(i).id();
            if (own == ids[i]) continue;
            double there = one.get("top10_logits").get(i).asDouble();
            int place = indexOf(ids, own);
            boolean near = place >= 0 ? Math.abs(one.get("top10_logits").get(place).asDouble() - there) < 2 * tolerance
                    : i == ids.length - 1 && Math.abs(logit(first, own) - there) < 2 * tolerance;
            if (!near) return false;
        }
        return true;
    }

    private boolean compareGreedy(int[] greedy, List<GeneratedToken> tokens, ObjectNode line) {
        for (int i = 0; i < greedy.length; i++) {
            if (tokens.get(i).id() == greedy[i]) continue;
            // The golden's own gap is not written down past its first token: ours is the same within the tolerance.
            double gap = tokens.get(i).top().getFirst().logprob() + tokens.get(i).logsumexp() - logit(tokens.get(i), greedy[i]);
            boolean tie = gap < tolerance;
            line.put("greedy_equal", tie).put("greedy_differs_at", i).put("top2_gap_there", gap);
            return tie;
        }
        line.put("greedy_equal", true);
        return true;
    }

    private static int indexOf(int[] ids, int id) {
        for (int i = 0; i < ids.length; i++) if (ids[i] == id) return i;
        return -1;
    }

    private static int[] ints(JsonNode array) {
        return JSON.convertValue(array, int[].class);
    }

    private static final class Collecting implements TokenSink {
        final List<GeneratedToken> tokens = new ArrayList<>();
        final CompletableFuture<Finished> end = new CompletableFuture<>();

        @Override
        public void token(GeneratedToken token) {
            tokens.add(token);
        }

        @Override
        public void finished(Finished finished) {
            end.complete(finished);
        }
    }
}
