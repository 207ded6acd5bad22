package graft.weights.pattern;

import graft.weights.pattern.Expression.Rest;
import graft.weights.pattern.Expression.Run;
import java.util.List;
import java.util.function.IntPredicate;

/** A part of an expression: matches at a place and asks the rest, trying its other ways where the rest fails. */
sealed interface Node {
    boolean match(Run run, int at, Rest rest);

    /** One character of a set. */
    record One(IntPredicate set) implements Node {
        @Override
        public boolean match(Run run, int at, Rest rest) {
            return here(run, at) && rest.matchesFrom(at + 1);
        }

        boolean here(Run run, int at) {
            run.step();
            return at < run.text.length() && set.test(run.text.charAt(at));
        }
    }

    record All(List<Node> parts) implements Node {
        @Override
        public boolean match(Run run, int at, Rest rest) {
            return from(0, run, at, rest);
        }

        private boolean from(int part, Run run, int at, Rest rest) {
            run.step();
            return part == parts.size() ? rest.matchesFrom(at)
                    : parts.get(part).match(run, at, next -> from(part + 1, run, next, rest));
        }
    }

    record Either(List<Node> ways) implements Node {
        @Override
        public boolean match(Run run, int at, Rest rest) {
            for (Node way : ways) {
                run.step();
                if (way.match(run, at, rest)) return true;
            }
            return false;
        }
    }

    /** Remembers where its inside matched. */
    record Group(int number, Node inside) implements Node {
        @Override
        public boolean match(Run run, int at, Rest rest) {
            return inside.match(run, at, end -> {
                int start = run.starts[number];
                int before = run.ends[number];
                run.starts[number] = at;
                run.ends[number] = end;
                if (rest.matchesFrom(end)) return true;
                run.starts[number] = start;
                run.ends[number] = before;
                return false;
            });
        }
    }

    /** What a group held, again; a group that took no part matches nothing. */
    record Again(int number) implements Node {
        @Override
        public boolean match(Run run, int at, Rest rest) {
            run.step();
            if (run.starts[number] < 0) return false;
            String held = run.text.substring(run.starts[number], run.ends[number]);
            return run.text.startsWith(held, at) && rest.matchesFrom(at + held.length());
        }
    }

    /** @param most -1 without a bound; a round beyond the least that takes nothing ends the repetition, as in sre */
    record Repeat(Node inside, long least, long most, boolean lazy) implements Node {
        @Override
        public boolean match(Run run, int at, Rest rest) {
            return inside instanceof One one && !lazy ? greedily(one, run, at, rest) : round(0, -1, run, at, rest);
        }

        /** The usual case without nesting: as many as there are, then fewer. */
        private boolean greedily(One one, Run run, int at, Rest rest) {
            int end = at;
            while ((most < 0 || end - at < most) && one.here(run, end)) end++;
            for (; end - at >= least; end--) {
                run.step();
                if (rest.matchesFrom(end)) return true;
            }
            return false;
        }

        private boolean round(long done, int before, Run run, int at, Rest rest) {
            run.step();
            if (done < least) return more(done, run, at, rest);
            boolean mayGoOn = (most < 0 || done < most) && at != before;
            if (lazy) return rest.matchesFrom(at) || mayGoOn && more(done, run, at, rest);
            return mayGoOn && more(done, run, at, rest) || rest.matchesFrom(at);
        }

        private boolean more(long done, Run run, int at, Rest rest) {
            return run.deeper(from -> inside.match(run, from, next -> round(done + 1, at, run, next, rest)), at);
        }
    }

    /** Keeps to the first way in which its inside matches. */
    record Atomic(Node inside) implements Node {
        @Override
        public boolean match(Run run, int at, Rest rest) {
            int[] end = {-1};
            return inside.match(run, at, here -> {
                end[0] = here;
                return true;
            }) && rest.matchesFrom(end[0]);
        }
    }

    record Ahead(Node inside, boolean wanted) implements Node {
        @Override
        public boolean match(Run run, int at, Rest rest) {
            return inside.match(run, at, _ -> true) == wanted && rest.matchesFrom(at);
        }
    }

    record Behind(Node inside, boolean wanted) implements Node {
        @Override
        public boolean match(Run run, int at, Rest rest) {
            boolean found = false;
            for (int from = at; from >= 0 && !found; from--) found = inside.match(run, from, end -> end == at);
            return found == wanted && rest.matchesFrom(at);
        }
    }

    /** A place between characters. */
    record Place(Kind kind) implements Node {
        enum Kind { START, END, BEFORE_LAST_NEWLINE, WORD_EDGE, NO_WORD_EDGE }

        @Override
        public boolean match(Run run, int at, Rest rest) {
            run.step();
            int length = run.text.length();
            boolean here = switch (kind) {
                case START -> at == 0;
                case END -> at == length;
                case BEFORE_LAST_NEWLINE -> at == length || at == length - 1 && run.text.charAt(at) == '\n';
                case WORD_EDGE -> word(run, at - 1) != word(run, at);
                case NO_WORD_EDGE -> word(run, at - 1) == word(run, at);
            };
            return here && rest.matchesFrom(at);
        }

        private static boolean word(Run run, int at) {
            return at >= 0 && at < run.text.length() && ExpressionParser.isWord(run.text.charAt(at));
        }
    }
}
