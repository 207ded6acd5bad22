package graft.engine.tensorrt;

/** What a native failure was, beside its text; the order is that of bridge.h. */
enum Failure {
    NONE, INVALID, ADAPTER_MISSING, ADAPTERS_FULL, MEMORY, OTHER;

    private static final Failure[] ALL = values();

    static Failure of(int number) {
        return number >= 0 && number < ALL.length ? ALL[number] : OTHER;
    }
}
