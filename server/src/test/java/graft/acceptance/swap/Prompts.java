package graft.acceptance.swap;

import java.util.Random;
import java.util.stream.IntStream;

/**
 * A few prompts that all versions are asked, in families with long common beginnings, so that cached KV is found again
 * and would be wrong under any version but its own.
 */
final class Prompts {
    static final int COUNT = 12;
    private static final int FAMILIES = 3;
    private static final int COMMON = 40;
    private static final int VOCABULARY = 640;

    private Prompts() {}

    static int[] ids(int prompt) {
        Random own = new Random(prompt);
        IntStream common = new Random(-1 - prompt % FAMILIES).ints(COMMON, 3, VOCABULARY);
        return IntStream.concat(common, own.ints(1 + prompt, 3, VOCABULARY)).toArray();
    }
}
