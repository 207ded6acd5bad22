package graft.tokens;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A complete small tokeniser: a token is a byte, and behind the bytes stand ChatML's special tokens. Every character
 * outside ASCII takes several tokens, which is what makes it a good test.
 */
public final class ByteTokenizer implements Tokenizer {
    public static final int BEGIN = 256;
    public static final int END = 257;
    private static final List<String> SPECIAL = List.of("<|im_start|>", "<|im_end|>");
    public static final int VOCABULARY = 256 + SPECIAL.size();

    /** Ids of a text's bytes. */
    public static int[] ids(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) ids[i] = bytes[i] & 0xff;
        return ids;
    }

    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
        List<Integer> ids = new ArrayList<>();
        int from = 0;
        while (from < text.length()) {
            int next = text.length();
            int special = -1;
            for (int i = 0; i < SPECIAL.size(); i++) {
                int at = text.indexOf(SPECIAL.get(i), from);
                if (at >= 0 && at < next) {
                    next = at;
                    special = i;
                }
            }
            for (int id : ids(text.substring(from, next))) ids.add(id);
            if (special >= 0) ids.add(256 + special);
            from = next + (special >= 0 ? SPECIAL.get(special).length() : 0);
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public String decode(int[] ids) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int id : ids) if (id < 256) bytes.write(id);
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] bytes(int id) {
        return id < 256 ? new byte[] {(byte) id} : SPECIAL.get(id - 256).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public int vocabularySize() {
        return VOCABULARY;
    }

    @Override
    public Detokenizer newDetokenizer() {
        ByteArrayOutputStream pending = new ByteArrayOutputStream();
        return new Detokenizer() {
            @Override
            public String push(int id) {
                if (id < 256) pending.write(id);
                byte first = pending.size() == 0 ? 0 : pending.toByteArray()[0];
                int wanted = (first & 0x80) == 0 ? 1 : (first & 0xe0) == 0xc0 ? 2 : (first & 0xf0) == 0xe0 ? 3 : 4;
                return pending.size() >= wanted ? flush() : "";
            }

            @Override
            public String flush() {
                String text = pending.toString(StandardCharsets.UTF_8);
                pending.reset();
                return text;
            }
        };
    }

    @Override
    public void close() {
        // holds nothing
    }
}
