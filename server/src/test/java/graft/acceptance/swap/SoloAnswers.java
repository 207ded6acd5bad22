package graft.acceptance.swap;

import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import graft.engine.Submission;
import graft.engine.TokenSink;
import graft.engine.torch.Precision;
import graft.engine.torch.TorchEngine;
import graft.engine.torch.TorchSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * What each version answers when it runs alone: an engine of its own in this process, one sequence at a time, each under
 * a tenant of its own, so that no KV is ever found again. Belongs to one thread.
 */
final class SoloAnswers implements AutoCloseable {
    private static final double TIE = 1e-4;
    private final TorchEngine engine;
    private final Path folder;
    private final Map<List<Object>, List<GeneratedToken>> known = new HashMap<>();

    /** How an answer compares with its solo run. */
    enum Verdict { EQUAL, TIE, DIFFERENT }

    SoloAnswers(String base, Path folder) {
        this.folder = folder;
        engine = TorchEngine.open(base, PeftVersion.base(base),
                TorchSettings.DEFAULT.withPrecision(Precision.FLOAT32));
    }

    /** @param digest names the version in messages and memory */
    Verdict compare(List<Integer> tokens, String digest, PeftVersion version, int prompt, int longest) {
        List<GeneratedToken> solo = known.computeIfAbsent(List.of(digest, prompt), key ->
                answer(digest, version, prompt, longest));
        for (int i = 0; i < tokens.size(); i++) {
            if (solo.get(i).id() == tokens.get(i)) continue;
            List<GeneratedToken.Alternative> top = solo.get(i).top();
            return top.get(0).logprob() - top.get(1).logprob() < TIE ? Verdict.TIE : Verdict.DIFFERENT;
        }
        return Verdict.EQUAL;
    }

    int computed() {
        return known.size();
    }

    /** How many of these versions answer a prompt otherwise than the first does: without that, nothing is proved. */
    long differing(Map<String, PeftVersion> versions, int prompt, int longest) {
        return versions.entrySet().stream().map(entry -> known.computeIfAbsent(List.of(entry.getKey(), prompt), key ->
                answer(entry.getKey(), entry.getValue(), prompt, longest)).stream().map(GeneratedToken::id).toList())
                .distinct().count();
    }

    private List<GeneratedToken> answer(String digest, PeftVersion version, int prompt, int longest) {
        Path files = version.in(folder);
        EngineAdapter adapter = new EngineAdapter("solo", 1, digest, 1, () -> files);
        List<GeneratedToken> tokens = new ArrayList<>();
        CompletableFuture<Finished> end = new CompletableFuture<>();
        Submission submission = engine.submit(new EngineRequest("solo", "tenant-" + known.size(), Prompts.ids(prompt),
                longest, Sampling.GREEDY, List.of(adapter), Set.of(), 2, Optional.empty()), new TokenSink() {
                    @Override
                    public void token(GeneratedToken token) {
                        tokens.add(token);
                    }

                    @Override
                    public void finished(Finished finished) {
                        end.complete(finished);
                    }
                });
        if (!(submission instanceof Submission.Accepted)) throw new IllegalStateException(submission.toString());
        Finished finished = end.orTimeout(1, TimeUnit.MINUTES).join();
        if (tokens.size() != longest) throw new IllegalStateException(version + ": " + finished);
        return tokens;
    }

    @Override
    public void close() {
        engine.close();
    }
}
