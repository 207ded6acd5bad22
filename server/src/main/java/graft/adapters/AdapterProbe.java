package graft.adapters;

import graft.engine.EngineAdapter;

/** Tells whether an adapter changes what its base model answers at all. */
@FunctionalInterface
public interface AdapterProbe {
    /**
     * May wait for the engine.
     *
     * @return false if the answers with and without the adapter were the same to the last bit
     */
    boolean changesAnything(EngineAdapter adapter);
}
