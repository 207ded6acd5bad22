package graft.generation.template;

import java.time.Clock;
import java.util.HashMap;
import java.util.Map;

/**
 * A compiled template. Immutable: any thread may render, several at once. A rendering is bounded in steps, in the size
 * of every text it makes and in recursion, so a hostile template or message costs a refusal and not the server.
 */
public final class Template {
    private final Statement body;
    private final Limits limits;

    /**
     * @param source most characters of a template
     * @param steps  operations of a rendering; long texts count for more
     * @param output characters of its result and of every text on the way
     * @param depth  macros inside macros
     */
    public record Limits(int source, long steps, int output, int depth) {
        public static final Limits DEFAULT = new Limits(1 << 20, 5_000_000, 16 << 20, 64);
    }

    private Template(Statement body, Limits limits) {
        this.body = body;
        this.limits = limits;
    }

    /** @throws TemplateException naming the line if the source is no template of this language */
    public static Template compile(String source, Limits limits) {
        if (source.length() > limits.source) throw new TemplateException("the template is longer than "
                + limits.source);
        return new Template(new StatementParser(new Lexer(source).tokens()).template(), limits);
    }

    /**
     * @param variables strings, numbers, booleans, null, lists and maps of such
     * @param clock     what {@code strftime_now} tells
     * @throws TemplateException if the template fails, refuses by {@code raise_exception} or passes a limit
     */
    public String render(Map<String, ?> variables, Clock clock) {
        Run run = new Run(clock, limits);
        Scope globals = new Scope(run, new HashMap<>(Functions.GLOBALS));
        Scope scope = new Scope(globals);
        variables.forEach((name, value) -> scope.set(name, Values.of(value)));
        StringBuilder out = new StringBuilder();
        body.run(scope, out);
        return out.toString();
    }
}
