package graft.generation.template;

import java.util.HashMap;
import java.util.Map;

/** Variables of one block, in front of those of the block around it; and the bounds of the rendering they belong to. */
final class Scope {
    private final Scope parent;
    private final Map<String, Object> variables;
    final Run run;

    Scope(Run run, Map<String, Object> variables) {
        this.parent = null;
        this.run = run;
        this.variables = variables;
    }

    Scope(Scope parent) {
        this.parent = parent;
        this.run = parent.run;
        this.variables = new HashMap<>();
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.parent) {
            if (scope.variables.containsKey(name)) return scope.variables.get(name);
        }
        return new Undefined("'" + name + "' is undefined");
    }

    void set(String name, Object value) {
        variables.put(name, value);
    }
}
