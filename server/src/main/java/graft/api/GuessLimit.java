package graft.api;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Counts bad keys by address: after so many in a minute, that address has to wait until the oldest of them is a minute
 * old. Remembers a bounded number of addresses, the latest guessers. Any thread may call.
 */
final class GuessLimit {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();
    private final int mostAMinute;
    private final Map<String, Guesses> byAddress;

    /** The times of an address's latest bad keys, a ring. */
    private static final class Guesses {
        private final long[] nanos;
        private int count;

        Guesses(int most) {
            nanos = new long[most];
        }
    }

    /** @param addresses most to be remembered */
    GuessLimit(int mostAMinute, int addresses) {
        if (mostAMinute < 1) throw new IllegalArgumentException("mostAMinute " + mostAMinute);
        this.mostAMinute = mostAMinute;
        this.byAddress = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Guesses> eldest) {
                return size() > addresses;
            }
        };
    }

    /** Notes a bad key, unless there were too many: then says how long to wait, and the waiting gets no longer. */
    synchronized Optional<Duration> bad(String address, long nowNanos) {
        Guesses guesses = byAddress.computeIfAbsent(address, _ -> new Guesses(mostAMinute));
        int slot = guesses.count % mostAMinute;
        if (guesses.count >= mostAMinute && nowNanos - guesses.nanos[slot] < MINUTE)
            return Optional.of(Duration.ofNanos(MINUTE - (nowNanos - guesses.nanos[slot])));
        guesses.nanos[slot] = nowNanos;
        guesses.count = guesses.count + 1 == 2 * mostAMinute ? mostAMinute : guesses.count + 1;
        return Optional.empty();
    }
}
