package graft.tokens;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Joins the bytes of tokens and lets whole characters out as soon as they are whole; bytes that can't become a
 * character turn into U+FFFD where they are found. Not thread-safe.
 */
final class ByteDetokenizer implements Detokenizer {
    private static final int LONGEST_CHARACTER = 4;
    private final Vocabulary vocabulary;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE).onUnmappableCharacter(CodingErrorAction.REPLACE);
    private byte[] unfinished = {};
    private boolean atStart = true;

    ByteDetokenizer(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    @Override
    public String push(int id) {
        if (vocabulary.isSpecial(id)) return "";
        byte[] bytes = vocabulary.bytes(id);
        if (bytes.length == 0) return "";
        int from = atStart && vocabulary.stripsFirstSpace() && bytes[0] == ' ' ? 1 : 0;
        atStart = false;
        ByteBuffer in = ByteBuffer.allocate(unfinished.length + bytes.length - from);
        in.put(unfinished).put(bytes, from, bytes.length - from).flip();
        return decode(in, false);
    }

    @Override
    public String flush() {
        String rest = decode(ByteBuffer.wrap(unfinished), true);
        unfinished = new byte[0];
        return rest;
    }

    private String decode(ByteBuffer in, boolean last) {
        CharBuffer out = CharBuffer.allocate(in.remaining() + LONGEST_CHARACTER);
        decoder.reset();
        decoder.decode(in, out, last);
        if (last) decoder.flush(out);
        unfinished = new byte[in.remaining()];
        in.get(unfinished);
        return out.flip().toString();
    }
}
