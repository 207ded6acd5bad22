package graft.engine.torch;

import ai.djl.pytorch.jni.IValue;
import java.util.List;

/**
 * An adapter's tensors in libtorch, ready to be put into a slot between two steps.
 *
 * @param tensors those that it has, a list
 * @param places  of each in the order of parts/adapters.py: eight a site
 * @param bytes   of memory
 * @param dora    whether it needs the base's output
 * @param invocation tokens it waits for (activated LoRA); none: it applies to all
 */
record StagedAdapter(IValue tensors, long[] places, long bytes, boolean dora, List<Integer> invocation)
        implements AutoCloseable {
    void install(TorchModule module, int slot) {
        try (TorchModule.Scope scope = module.scope()) {
            scope.call("install", scope.number(slot), tensors, scope.numbers(places));
        }
    }

    void remove(TorchModule module, int slot) {
        try (TorchModule.Scope scope = module.scope()) {
            scope.call("remove", scope.number(slot), scope.numbers(places));
        }
    }

    @Override
    public void close() {
        tensors.close();
    }
}
