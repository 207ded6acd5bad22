package graft.generation;

import java.util.List;

/**
 * Cuts a stream of text at the first stop string. Text that may still become one is held back, so no part of a stop
 * string is ever sent, wherever the borders between tokens fall. One per choice, one thread.
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
        int end = stops.stream().mapToInt(held::indexOf).filter(at -> at >= 0).min().orElse(-1);
        stopped = end >= 0;
        int send = stopped ? end : held.length() - longestBeginning();
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
