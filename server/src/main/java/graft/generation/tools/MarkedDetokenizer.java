package graft.generation.tools;

import graft.tokens.Detokenizer;
import java.util.Map;

/** Lets through the special tokens that a call is written with; a tokeniser would leave them out. One per stream. */
final class MarkedDetokenizer implements Detokenizer {
    private final Detokenizer plain;
    private final Map<Integer, String> marks;

    MarkedDetokenizer(Detokenizer plain, Map<Integer, String> marks) {
        this.plain = plain;
        this.marks = marks;
    }

    @Override
    public String push(int id) {
        String mark = marks.get(id);
        return mark == null ? plain.push(id) : plain.flush() + mark;
    }

    @Override
    public String flush() {
        return plain.flush();
    }
}
