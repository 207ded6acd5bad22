package graft.scheduling.drafting;

/**
 * The latest tokens of a text, and where each short run of them was followed by what: the match search of LZ77
 * compressors, chains of places with the same hash, latest first. Takes three numbers a token of its window. Not
 * thread-safe.
 */
final class NgramIndex {
    /** Stands between two texts; nothing is said to follow with it. */
    static final int BORDER = -1;
    /** Of a chain; older places are not looked at. */
    private static final int MOST_PLACES = 32;
    private static final int FIRST_SIZE = 256;
    private static final int MOST_TOKENS = 1 << 30;

    private final int window;
    private final int shortest;
    /** Rings of a size that is a power of two: tokens, and of each place the one before it in its chain. */
    private int[] tokens;
    private int[] before;
    /** By hash of a run: one more than the place of what followed it last; 0 is none. */
    private int[] latest;
    private int length;

    /** @param window tokens that are kept, at least */
    NgramIndex(int window, int shortest) {
        this.window = Math.max(2, window);
        this.shortest = shortest;
        resize(2);
    }

    int length() {
        return length;
    }

    /** @param back from the end, 0 for the last token; less than the window and the length */
    int recent(int back) {
        return at(length - 1 - back);
    }

    void add(int token) {
        if (length == MOST_TOKENS) length = 0; // answers of years: begins again before places overflow
        if (length == 0) resize(Math.min(FIRST_SIZE, largest()));
        if (length == tokens.length && length < largest()) resize(2 * length);
        put(length++, token);
    }

    /** @param last the latest tokens of a text, this or another; more of them are not compared */
    void find(int[] last, Followers followers) {
        int count = last.length;
        if (count < shortest) return;
        int oldest = Math.max(0, length - tokens.length);
        int place = latest[slot(last, count - shortest, -1)] - 1;
        for (int looked = 0; place > oldest && looked < MOST_PLACES; looked++) {
            int matched = 0;
            while (matched < count && place - 1 - matched >= oldest && at(place - 1 - matched) == last[count - 1 - matched])
                matched++;
            if (matched >= shortest && at(place) != BORDER) followers.add(matched, at(place));
            place = before[place & tokens.length - 1] - 1;
        }
    }

    private int at(int place) {
        return tokens[place & tokens.length - 1];
    }

    private void put(int place, int token) {
        int mask = tokens.length - 1;
        if (place >= shortest) {
            int slot = slot(tokens, place - shortest, mask);
            before[place & mask] = latest[slot];
            latest[slot] = place + 1;
        }
        tokens[place & mask] = token;
    }

    /** Where the chain of the {@code shortest} tokens from a place on begins. */
    private int slot(int[] from, int start, int mask) {
        int hash = 0;
        for (int i = 0; i < shortest; i++) hash = hash * 0x9E3779B1 + from[start + i & mask] + 1;
        return (hash ^ hash >>> 15) * 0x85EBCA6B >>> 7 & latest.length - 1;
    }

    /** Only before anything was lost; all of it is put in again. */
    private void resize(int size) {
        int[] old = tokens;
        tokens = new int[size];
        before = new int[size];
        latest = new int[size];
        for (int place = 0; place < length; place++) put(place, old[place]);
    }

    private int largest() {
        return Integer.highestOneBit(window - 1) << 1;
    }
}
