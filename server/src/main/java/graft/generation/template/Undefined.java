package graft.generation.template;

/**
 * A variable or attribute that is not there: prints as nothing, is false, iterates over nothing, fails otherwise.
 *
 * @param why for the message
 */
record Undefined(String why) {
    TemplateException failure() {
        return new TemplateException(why);
    }
}
