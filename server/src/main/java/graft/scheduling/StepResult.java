package graft.scheduling;

import java.util.List;
import java.util.Set;

/**
 * What a step brought.
 *
 * @param chosen of every slice that samples and is not of a failed sequence, exactly once, in any order
 * @param failed sequences of the batch whose computation can't be used: they end, and nothing of this step's KV of
 *               theirs is ever found again
 */
public record StepResult(List<Chosen> chosen, Set<Long> failed) {
    public static final StepResult NONE = new StepResult(List.of());

    public StepResult {
        chosen = List.copyOf(chosen);
        failed = Set.copyOf(failed);
    }

    public StepResult(List<Chosen> chosen) {
        this(chosen, Set.of());
    }
}
