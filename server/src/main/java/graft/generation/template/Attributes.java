package graft.generation.template;

/** An object of our own with attributes: loop, namespace, cycler. */
@FunctionalInterface
interface Attributes {
    /** @return null also for an attribute whose value is None; Undefined for one that is absent */
    Object attribute(String name);
}
