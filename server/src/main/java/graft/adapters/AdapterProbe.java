package graft.adapters;

import graft.engine.EngineAdapter;
import java.util.List;

/** Tells whether an adapter changes what its base model answers at all. */
public interface AdapterProbe {
    /**
     * May wait for the engine.
     *
     * @param tokens without which the adapter need not show: see {@link AdapterProof.Proved}
     * @return false if the answers with and without the adapter were the same to the last bit
     */
    boolean changesAnything(EngineAdapter adapter, List<Integer> tokens);

    /** Nothing was made of a probed adapter: what the engine keeps of it has no owner. */
    void forget(String digest);
}
