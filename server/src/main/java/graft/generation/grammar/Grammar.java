package graft.generation.grammar;

import graft.engine.Guide;
import graft.engine.TokenConstraint;
import graft.tokens.Tokenizer;
import java.util.Optional;
import java.util.Set;

/**
 * A schema compiled for one model's vocabulary. Safe from any thread; what the answers that follow it find out about
 * its states is shared between them.
 */
public final class Grammar {
    private final Automaton automaton;
    private final Spellings spellings;
    private final Tokenizer tokenizer;
    private final Set<Integer> stopTokens;
    private final int[] stops;
    private final Optional<Guide> guide;

    Grammar(Automaton automaton, Spellings spellings, Tokenizer tokenizer, Set<Integer> stopTokens,
            Optional<Guide> guide) {
        this.guide = guide;
        this.automaton = automaton;
        this.spellings = spellings;
        this.tokenizer = tokenizer;
        this.stopTokens = stopTokens;
        this.stops = stopTokens.stream().mapToInt(Integer::intValue).toArray();
    }

    /** For one answer. */
    public TokenConstraint newConstraint() {
        synchronized (automaton) {
            return new Walk(automaton.start());
        }
    }

    /** One answer's way through the grammar. */
    private final class Walk implements TokenConstraint {
        private Automaton.State state;
        private boolean ended;

        private Walk(Automaton.State start) {
            state = start;
        }

        @Override
        public void mask(float[] logits) {
            long[] allowed = allowed();
            float[] ends = new float[stops.length];
            for (int i = 0; i < stops.length; i++) ends[i] = logits[stops[i]];
            for (int id = 0; id < logits.length; id++) {
                boolean text = !ended && id >> 6 < allowed.length && (allowed[id >> 6] >> id & 1) != 0;
                if (!text) logits[id] = Float.NEGATIVE_INFINITY;
            }
            if (ended || state.complete()) for (int i = 0; i < stops.length; i++) logits[stops[i]] = ends[i];
        }

        private long[] allowed() {
            synchronized (automaton) {
                state = automaton.renewed(state);
                if (state.mask().length == 0) automaton.remember(state, spellings.allowed(automaton, state));
                return state.mask();
            }
        }

        @Override
        public Optional<Guide> guide() {
            return guide;
        }

        @Override
        public void accept(int token) {
            if (ended || stopTokens.contains(token)) {
                ended = true;
                return;
            }
            synchronized (automaton) {
                for (byte one : tokenizer.bytes(token)) state = automaton.step(state, one & 0xff);
            }
            if (state.dead() && !state.complete()) throw new IllegalStateException("token " + token
                    + " was not allowed here");
        }
    }
}
