package graft.engine;

import java.lang.System.Logger.Level;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * How willingly a thread gives way to others on the processors (nice): Java's own priorities do nothing on Linux.
 * Where the system refuses, threads are as urgent as all others, and one log line says so.
 */
final class Niceness {
    private static final System.Logger LOG = System.getLogger(Niceness.class.getName());
    private static final int PRIO_PROCESS = 0;
    /** On Linux the calling thread alone (setpriority(2), C library/kernel differences). */
    private static final int CALLER = 0;
    private static final Optional<MethodHandle> SET_PRIORITY = find();

    private Niceness() {}

    private static Optional<MethodHandle> find() {
        if (!System.getProperty("os.name").equals("Linux")) return Optional.empty();
        try {
            Linker linker = Linker.nativeLinker();
            return linker.defaultLookup().find("setpriority").map(address -> linker.downcallHandle(address,
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT)));
        } catch (RuntimeException refused) { // no native access for this code
            LOG.log(Level.INFO, "niceness=none reason=\"{0}\"", refused.getMessage());
            return Optional.empty();
        }
    }

    /** @param nice 0 to 19; a thread can't take it back. Threads that it starts natively inherit it */
    static void ofThisThread(int nice) {
        if (nice == 0 || SET_PRIORITY.isEmpty()) return;
        try {
            int result = (int) SET_PRIORITY.get().invokeExact(PRIO_PROCESS, CALLER, nice);
            if (result != 0) LOG.log(Level.INFO, "niceness=none reason=\"setpriority refused {0}\"", nice);
        } catch (Throwable impossible) {
            throw new IllegalStateException("setpriority throws nothing", impossible);
        }
    }
}
