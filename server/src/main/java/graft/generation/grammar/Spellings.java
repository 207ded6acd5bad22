package graft.generation.grammar;

import graft.tokens.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/**
 * The tokens of a vocabulary that are text, in the order of their bytes, each with the length of what it has in common
 * with the one before: a tree of prefixes in three arrays. Special tokens are not in it, as no text has them.
 * Immutable.
 */
final class Spellings {
    private final int rows;
    private final int[] ids;
    private final byte[][] bytes;
    private final int[] common;
    private final int longest;

    private record Token(int id, byte[] bytes) {}

    private Spellings(List<Token> tokens, int rows) {
        this.rows = rows;
        ids = tokens.stream().mapToInt(Token::id).toArray();
        bytes = tokens.stream().map(Token::bytes).toArray(byte[][]::new);
        common = new int[ids.length];
        int most = 0;
        for (int i = 0; i < ids.length; i++) {
            if (i > 0) {
                int mismatch = Arrays.mismatch(bytes[i - 1], bytes[i]);
                common[i] = mismatch < 0 ? bytes[i].length : mismatch;
            }
            most = Math.max(most, bytes[i].length);
        }
        longest = most;
    }

    /**
     * @param rows  of the output head
     * @param marks special tokens that count as the text of their names
     * @throws InvalidSchemaException if the vocabulary has no letters
     */
    static Spellings of(Tokenizer tokenizer, int rows, Set<Integer> marks) {
        List<Token> tokens = new ArrayList<>();
        int letter = letter(tokenizer, rows);
        for (int id = 0; id < Math.min(rows, tokenizer.vocabularySize()); id++) {
            byte[] spelled = tokenizer.bytes(id);
            if (spelled.length == 0) continue;
            if (!marks.contains(id) && !isText(tokenizer, letter, id, spelled)) continue;
            tokens.add(new Token(id, spelled));
        }
        tokens.sort((one, other) -> Arrays.compareUnsigned(one.bytes(), other.bytes()));
        return new Spellings(tokens, rows);
    }

    /** Bytes that are a token: a text of these can be written whatever was written before. */
    BitSet singles() {
        BitSet singles = new BitSet(256);
        for (byte[] spelled : bytes) if (spelled.length == 1) singles.set(spelled[0] & 0xff);
        return singles;
    }

    private static int letter(Tokenizer tokenizer, int rows) {
        for (int id = 0; id < Math.min(rows, tokenizer.vocabularySize()); id++)
            if (Arrays.equals(tokenizer.bytes(id), new byte[] {'a'})) return id;
        throw new InvalidSchemaException("This model's vocabulary has no letters, so its answers can't be held to a"
                + " format.");
    }

    /** Behind a letter, as a decoder may treat the beginning of a text in its own way. */
    private static boolean isText(Tokenizer tokenizer, int letter, int id, byte[] spelled) {
        String decoded = tokenizer.decode(new int[] {letter, id});
        try {
            return decoded.equals("a" + StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(spelled)));
        } catch (CharacterCodingException partOfACharacter) {
            return decoded.length() > 1;
        }
    }

    /** One bit for each row of the output head: whether its token may come next. */
    long[] allowed(Automaton automaton, Automaton.State from) {
        long[] allowed = new long[rows + 63 >> 6];
        Automaton.State[] path = new Automaton.State[longest + 1];
        path[0] = from;
        int dead = Integer.MAX_VALUE;
        for (int i = 0; i < ids.length; i++) {
            if (common[i] >= dead) continue;
            dead = Integer.MAX_VALUE;
            for (int at = common[i]; at < bytes[i].length && dead == Integer.MAX_VALUE; at++) {
                path[at + 1] = automaton.step(path[at], bytes[i][at] & 0xff);
                if (path[at + 1].dead() && !path[at + 1].complete()) dead = at + 1;
            }
            if (dead == Integer.MAX_VALUE) allowed[ids[i] >> 6] |= 1L << ids[i];
        }
        return allowed;
    }
}
