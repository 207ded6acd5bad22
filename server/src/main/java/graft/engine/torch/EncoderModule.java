package graft.engine.torch;

import graft.engine.Workers;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A module that computes for all callers on one thread of its own, one call after the other in the order they came, and
 * is closed there. Any thread may call.
 */
final class EncoderModule implements AutoCloseable {
    private final String name;
    private final TorchModule module;
    private final Workers worker;
    private boolean closed; // the worker's own

    /** @param name of the thread, and in what a caller is told after the end; @param module closed with this */
    EncoderModule(String name, TorchModule module) {
        this.name = name;
        this.module = module;
        this.worker = new Workers(name, 1, 0);
    }

    /**
     * Waits for its turn and its end.
     *
     * @throws IllegalStateException after {@link #close}
     */
    <T> T call(Function<TorchModule.Scope, T> work) {
        return worker.call(() -> {
            if (closed) throw new IllegalStateException("the " + name + " is closed");
            try (TorchModule.Scope scope = module.scope()) {
                return work.apply(scope);
            }
        });
    }

    /**
     * Inputs of similar length together, so that few positions are padding.
     *
     * @param lengths     in tokens, by input
     * @param batchTokens most tokens of a batch, padding included; a longer input is alone
     * @return each input's index once; a batch's last is its longest
     */
    static List<List<Integer>> batches(List<Integer> lengths, int batchTokens) {
        List<Integer> byLength = IntStream.range(0, lengths.size()).boxed()
                .sorted(Comparator.comparingInt(lengths::get)).toList();
        List<List<Integer>> batches = new ArrayList<>();
        for (int from = 0, to; from < byLength.size(); from = to) {
            to = from + 1;
            while (to < byLength.size() && (to + 1 - from) * lengths.get(byLength.get(to)) <= batchTokens) to++;
            batches.add(byLength.subList(from, to));
        }
        return batches;
    }

    /** Lets calls that came before end. Idempotent. */
    @Override
    public void close() {
        try {
            worker.start(() -> {
                if (!closed) module.close();
                closed = true;
            });
        } catch (IllegalStateException already) {
            return;
        }
        worker.close();
    }
}
