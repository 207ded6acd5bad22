package graft.api;

import graft.registry.tenant.KeyHolder;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Keys and sessions that were good a moment ago, by the keyed hash of what was offered, so that a busy key does not ask
 * the database each time. Revoking on this server forgets at once; what another server revokes counts here when the
 * entry's short life ends. Any thread may call.
 */
final class KeyCache {
    private final long lifeNanos;
    private final Map<ByteBuffer, Good> entries;
    private long forgotten;

    private record Good(KeyHolder holder, long untilNanos) {}

    KeyCache(int most, Duration life) {
        this.lifeNanos = life.toNanos();
        this.entries = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Good> eldest) {
                return size() > most;
            }
        };
    }

    synchronized Optional<KeyHolder> get(byte[] hash, long nowNanos) {
        Good entry = entries.get(ByteBuffer.wrap(hash));
        return entry == null || entry.untilNanos() - nowNanos < 0 ? Optional.empty() : Optional.of(entry.holder());
    }

    /** Ask before looking a key up, and give it to {@link #put}. */
    synchronized long generation() {
        return forgotten;
    }

    /** @param generation from before the look-up: if something was forgotten meanwhile, this may be it */
    synchronized void put(byte[] hash, KeyHolder holder, long nowNanos, long generation) {
        if (generation == forgotten) entries.put(ByteBuffer.wrap(hash.clone()), new Good(holder, nowNanos + lifeNanos));
    }

    synchronized void forgetKey(String keyId) {
        forgotten++;
        entries.values().removeIf(entry -> entry.holder().keyId().equals(keyId));
    }

    synchronized void forget(byte[] hash) {
        forgotten++;
        entries.remove(ByteBuffer.wrap(hash));
    }
}
