package graft.generation;

import java.util.List;
import java.util.OptionalInt;

/**
 * Cuts a stream of text before the stop string that is complete first. Text that may still become one is held back, so
 * no part of a stop string is ever sent, wherever the borders between tokens fall. One per choice, one thread.
 */
final class StopMatcher {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private boolean stopped;

    /** @param stops none of them empty */
    StopMatcher(List<String> stops) {
        if (stops.stream().anyMatch(String::isEmpty)) throw new IllegalArgumentException("an empty stop string");
        this.stops = List.copyOf(stops);
    }

    /** @return what may be sent now; nothing once a stop string was met */
    String push(String text) {
        if (stopped) return "";
        held.append(text);
        OptionalInt stop = firstStop();
        stopped = stop.isPresent();
        int send = stop.orElse(held.length() - longestBeginning());
        String ready = held.substring(0, send);
        held.delete(0, stopped ? held.length() : send);
        return ready;
    }

    /** At the end of the answer: what was held back and became no stop string. */
    String flush() {
        String rest = held.toString();
        held.setLength(0);
        return rest;
    }

    boolean stopped() {
        return stopped;
    }

    /** Where the stop string begins that is complete first: only so every split of a stream ends alike. */
    private OptionalInt firstStop() {
        int start = -1;
        int end = Integer.MAX_VALUE;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at < 0 || at + stop.length() > end || at + stop.length() == end && at > start) continue;
            start = at;
            end = at + stop.length();
        }
        return start < 0 ? OptionalInt.empty() : OptionalInt.of(start);
    }

    /** Length of the longest end of the held text that a stop string begins with. */
    private int longestBeginning() {
        int longest = 0;
        for (String stop : stops) {
            for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
                if (stop.startsWith(held.substring(held.length() - length))) longest = length;
            }
        }
        return longest;
    }
}
