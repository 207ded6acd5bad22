package graft.scheduling;

import java.util.List;

/** What a step brought: exactly one token for every slice that samples, in any order. */
public record StepResult(List<Chosen> chosen) {
    public static final StepResult NONE = new StepResult(List.of());

    public StepResult {
        chosen = List.copyOf(chosen);
    }
}
