package graft.generation.template;

/** What a template can call: a function, a macro, a method with its object. */
@FunctionalInterface
interface Callable {
    Object call(Run run, Arguments arguments);
}
