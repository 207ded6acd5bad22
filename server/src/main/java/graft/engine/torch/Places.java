package graft.engine.torch;

import java.util.HashMap;
import java.util.Map;

/**
 * The engine's places, taken from submission to end. Whoever fills them must not shut others out: the last quarter is
 * for tenants that hold less than an even part of all places. Any thread may call.
 */
final class Places {
    private final int most;
    private final Map<String, Integer> held = new HashMap<>();
    private int taken;

    Places(int most) {
        this.most = most;
    }

    /** @return false if there is none for this tenant now */
    synchronized boolean take(String tenant) {
        int own = held.getOrDefault(tenant, 0);
        if (taken >= most) return false;
        // Counts one tenant more than is there: room for whoever comes next.
        if (taken >= most - most / 4 && own * (held.size() + 1L) >= most) return false;
        held.put(tenant, own + 1);
        taken++;
        return true;
    }

    synchronized void giveBack(String tenant) {
        held.computeIfPresent(tenant, (name, own) -> own == 1 ? null : own - 1);
        taken--;
    }
}
