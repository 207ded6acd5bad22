package graft.knowledge.parsing;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What is written before a command so that it runs in a network namespace of its own, in which there is not even a
 * loopback. A kernel or a container may forbid that: then a parser has what its own code leaves it, no handler for any
 * address and no names.
 */
final class NoNetwork {
    private static final System.Logger LOG = System.getLogger(NoNetwork.class.getName());
    private static final List<String> UNSHARE = List.of("unshare", "--map-root-user", "--net");
    private static final long SECONDS_TO_TRY = 10;

    private NoNetwork() {}

    /** Tried once, when it is first needed. */
    private static final class Tried {
        static final List<String> PREFIX = works() ? UNSHARE : List.of();
    }

    /** Empty where the machine does not let us. */
    static List<String> prefix() {
        return Tried.PREFIX;
    }

    private static boolean works() {
        ProcessBuilder command = new ProcessBuilder(Stream.concat(UNSHARE.stream(), Stream.of("true")).toList())
                .redirectErrorStream(true).redirectOutput(Redirect.DISCARD);
        try {
            Process process = command.start();
            boolean works = process.waitFor(SECONDS_TO_TRY, TimeUnit.SECONDS) && process.exitValue() == 0;
            process.destroyForcibly();
            if (works) return true;
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "there is no unshare", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LOG.log(System.Logger.Level.WARNING, "parsers share this process's network: no namespaces can be made here");
        return false;
    }
}
