package graft.knowledge;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A passage as a model is shown it: one line, runs of white space collapsed to one space, characters that nobody sees
 * left out, and broken by a space what imitates the control tokens of chat formats or the tags of raft-v1, so that a
 * document can't speak in another's role, and Markdown's images and links and HTML's tags that load something, so
 * that an answer that repeats them asks no foreign host for anything. Every code point knows where it stands in the
 * stored text, and quotes are verified through that. Immutable.
 */
public final class ShownPassage {
    /** Special tokens of ChatML, Llama, DeepSeek, Mistral, Gemma and Phi, reasoning and tool tags, raft-v1's tags. */
    private static final Pattern HOSTILE = Pattern.compile("<[|\uFF5C][^<>]{0,64}>"
            + "|<[^<>\\s][^<>]{0,63}[|\uFF5C]>|<</?SYS>>|\\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS"
            + "|TOOL_RESULTS|TOOL_CONTENT|ARGS|PREFIX"
            + "|SUFFIX|MIDDLE)\\]|</?(?:s|bos|eos|pad|unk|mask|think|tools?|tool_calls?"
            + "|tool_response|start_of_turn|end_of_turn|start_of_image|end_of_image|im_start|im_end|answer)>"
            + "|##(?:begin|end)_quote##|!\\[|\\]\\(|</?(?:a|img|script|style|iframe|object|embed|svg|video|audio"
            + "|source|link|meta|form|input|base)\\b", Pattern.CASE_INSENSITIVE);
    private final Passage passage;
    private final int[] line;
    private final int[] places;

    private ShownPassage(Passage passage, int[] line, int[] places) {
        this.passage = passage;
        this.line = line;
        this.places = places;
    }

    public static ShownPassage of(Passage passage) {
        return collapsed(passage).defused();
    }

    /** One line, but not defused: how a model that repairs what it reads may quote it. */
    static ShownPassage collapsed(Passage passage) {
        int[] stored = passage.text().codePoints().toArray();
        int[] line = new int[stored.length];
        int[] places = new int[stored.length];
        int length = 0;
        for (int i = 0; i < stored.length; i++) {
            boolean space = isSpace(stored[i]);
            if (isInvisible(stored[i])) continue;
            if (space && (length == 0 || line[length - 1] == ' ')) continue;
            line[length] = space ? ' ' : stored[i];
            places[length++] = i;
        }
        if (length > 0 && line[length - 1] == ' ') length--;
        return new ShownPassage(passage, Arrays.copyOf(line, length), Arrays.copyOf(places, length));
    }

    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    /**
     * Control characters, direction marks, tags and their like, fillers and variation selectors: a text can be hidden
     * in each of them. Joiners stay, because they make letters and emoji what they are.
     */
    static boolean isInvisible(int c) {
        if (isSpace(c) || c == 0x200C || c == 0x200D) return false;
        int type = Character.getType(c);
        return type == Character.CONTROL || type == Character.FORMAT || c >= 0xFE00 && c <= 0xFE0F
                || c >= 0xE0000 && c <= 0xE0FFF || c == 0x115F || c == 0x1160 || c == 0x3164 || c == 0xFFA0;
    }

    /** Whether the passage has characters that the line lacks beside white space. */
    boolean hidesSome() {
        return passage.text().codePoints().anyMatch(ShownPassage::isInvisible);
    }

    /** Puts a space behind the first character of everything hostile; again until nothing is left. */
    private ShownPassage defused() {
        String text = line();
        Matcher hostile = HOSTILE.matcher(text);
        if (!hostile.find()) return this;
        int[] wider = new int[line.length + text.length()];
        int[] origins = new int[wider.length];
        int length = 0;
        int at = 0;
        do {
            int start = text.codePointCount(0, hostile.start());
            System.arraycopy(line, at, wider, length, start + 1 - at);
            System.arraycopy(places, at, origins, length, start + 1 - at);
            length += start + 1 - at;
            at = start + 1;
            wider[length] = ' ';
            origins[length++] = places[start];
        } while (hostile.find());
        System.arraycopy(line, at, wider, length, line.length - at);
        System.arraycopy(places, at, origins, length, line.length - at);
        length += line.length - at;
        return new ShownPassage(passage, Arrays.copyOf(wider, length), Arrays.copyOf(origins, length)).defused();
    }

    public Passage passage() {
        return passage;
    }

    /** What the model reads, without a line break. */
    public String line() {
        return new String(line, 0, line.length);
    }

    /** Where a part of the line stands in the passage's text; code points, both ends of the line's part not spaces. */
    int placeOf(int lineIndex) {
        return places[lineIndex];
    }
}
