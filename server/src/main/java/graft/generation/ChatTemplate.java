package graft.generation;

import graft.generation.template.Template;
import graft.generation.template.TemplateException;
import java.time.Clock;
import java.util.Map;

/**
 * A model's chat template: turns messages into the text the model was trained on. Immutable, safe from any thread. A
 * rendering is bounded; see {@link Template.Limits}.
 */
public final class ChatTemplate {
    private final Template template;
    private final String source;

    private ChatTemplate(Template template, String source) {
        this.template = template;
        this.source = source;
    }

    /** @throws TemplateException if the source can't be understood */
    public static ChatTemplate compile(String source) {
        return compile(source, Template.Limits.DEFAULT);
    }

    public static ChatTemplate compile(String source, Template.Limits limits) {
        return new ChatTemplate(Template.compile(source, limits), source);
    }

    /** As it was written. */
    public String source() {
        return source;
    }

    /** As {@link #render(Map, Clock)} by the machine's clock. */
    public String render(Map<String, ?> variables) {
        return render(variables, Clock.systemDefaultZone());
    }

    /**
     * @param variables messages, tools, add_generation_prompt, bos_token and what else the template reads; values are
     *                  strings, numbers, booleans, null, lists and maps
     * @param clock     for {@code strftime_now}
     * @throws TemplateException if the template refuses these messages or fails on them
     */
    public String render(Map<String, ?> variables, Clock clock) {
        return template.render(variables, clock);
    }
}
