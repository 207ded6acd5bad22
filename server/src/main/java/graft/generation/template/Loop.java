package graft.generation.template;

import java.util.ArrayList;
import java.util.List;

/**
 * A for loop.
 *
 * @param test which items count; null for all
 */
record Loop(ExpressionParser.Target target, Expression items, Expression test, boolean recursive, Statement body,
        Statement otherwise) implements Statement {

    @Override
    public Signal run(Scope scope, StringBuilder out) {
        return over(items.evaluate(scope), scope, out, 0);
    }

    private Signal over(Object iterable, Scope scope, StringBuilder out, int depth) {
        List<?> all = Values.iterate(iterable);
        scope.run.room(all.size());
        List<Object> chosen = new ArrayList<>(all.size());
        for (Object item : all) {
            Scope inner = new Scope(scope);
            target.assign(inner, item);
            if (test == null || Values.truth(test.evaluate(inner))) chosen.add(item);
        }
        if (chosen.isEmpty()) return otherwise.run(scope, out);
        State state = new State(this, scope, chosen, depth);
        for (; state.index < chosen.size(); state.index++) {
            scope.run.step(1);
            Scope inner = new Scope(scope);
            inner.set("loop", state);
            target.assign(inner, chosen.get(state.index));
            if (body.run(inner, out) == Signal.BREAK) break;
        }
        return Signal.NEXT;
    }

    /** The variable {@code loop}. */
    private static final class State implements Attributes, Callable {
        private static final Object NOTHING = new Object();
        private final Loop loop;
        private final Scope scope;
        private final List<Object> items;
        private final int depth;
        private int index;
        private Object last = NOTHING;

        State(Loop loop, Scope scope, List<Object> items, int depth) {
            this.loop = loop;
            this.scope = scope;
            this.items = items;
            this.depth = depth;
        }

        @Override
        public Object attribute(String name) {
            return switch (name) {
                case "index" -> index + 1L;
                case "index0" -> (long) index;
                case "first" -> index == 0;
                case "last" -> index == items.size() - 1;
                case "length" -> (long) items.size();
                case "revindex" -> (long) items.size() - index;
                case "revindex0" -> items.size() - index - 1L;
                case "depth" -> depth + 1L;
                case "depth0" -> (long) depth;
                case "previtem" -> index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
                case "nextitem" -> index + 1 < items.size() ? items.get(index + 1)
                        : new Undefined("there is no next item");
                case "cycle" -> (Callable) (_, given) -> given.positional().get(index % given.positional().size());
                case "changed" -> (Callable) (_, given) -> {
                    boolean changed = last == NOTHING || !Values.equal(last, given.positional());
                    last = given.positional();
                    return changed;
                };
                default -> new Undefined("'loop' has no attribute '" + name + "'");
            };
        }

        @Override
        public Object call(Run run, Arguments arguments) {
            if (!loop.recursive) throw new TemplateException("the loop is not marked recursive");
            run.enter();
            StringBuilder out = new StringBuilder();
            loop.over(arguments.need(0, "iterable"), scope, out, depth + 1);
            run.leave();
            return run.made(out.toString());
        }
    }
}
