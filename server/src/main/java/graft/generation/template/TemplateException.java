package graft.generation.template;

/** A template that can't be read or rendered, or that refused its input by {@code raise_exception}. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public TemplateException(String message) {
        super(message);
    }
}
