package graft.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Helm's program on one cluster, for the release {@code try}. */
final class Helm {
    private static final String RELEASE = "try";
    private final Path tools;
    private final Path chart;
    private final Path kubeconfig;
    private final Path home;

    Helm(Path tools, Path chart, Path kubeconfig, Path home) {
        this.tools = tools;
        this.chart = chart;
        this.kubeconfig = kubeconfig;
        this.home = home;
    }

    /** @return the folder that holds the tools, built if they were not */
    static Path tools(Path chart, String... names) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(chart.resolve("tools/build.sh").toString()));
        command.addAll(List.of(names));
        Process build = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        return Path.of(succeeded(build, "helm/tools/build.sh").strip());
    }

    /** @param verb install or upgrade */
    Process run(String namespace, String verb, String profile, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(verb, RELEASE, chart.toString(), "--timeout", "3m",
                "--values", chart.resolve("ci/" + profile + "-values.yaml").toString(), "--set-json", "apiVersions=[]"));
        arguments.addAll(List.of(more));
        return start(namespace, arguments);
    }

    Process rollback(String namespace) throws IOException {
        return start(namespace, List.of("rollback", RELEASE, "1", "--timeout", "3m"));
    }

    void uninstall(String namespace) throws IOException, InterruptedException {
        succeeded(start(namespace, List.of("uninstall", RELEASE, "--timeout", "3m")), "helm uninstall");
    }

    boolean hasTest(String namespace) throws IOException, InterruptedException {
        return succeeded(start(namespace, List.of("get", "hooks", RELEASE)), "helm get hooks").contains("helm.sh/hook: test");
    }

    Process test(String namespace) throws IOException {
        return start(namespace, List.of("test", RELEASE, "--timeout", "3m"));
    }

    boolean lists(String namespace) throws IOException, InterruptedException {
        return succeeded(start(namespace, List.of("list", "--all", "--short")), "helm list").contains(RELEASE);
    }

    static String succeeded(Process process, String what) throws IOException, InterruptedException {
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(1, TimeUnit.HOURS), what);
        assertEquals(0, process.exitValue(), what + "\n" + said);
        return said;
    }

    private Process start(String namespace, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(tools.resolve("helm").toString(), "--namespace", namespace));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("KUBECONFIG", kubeconfig.toString());
        builder.environment().put("HOME", home.toString());
        return builder.start();
    }
}
