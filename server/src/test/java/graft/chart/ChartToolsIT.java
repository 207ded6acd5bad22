package graft.chart;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The chart before other people's eyes: helm-unittest's suites, kube-score, and what else helm/validate.sh finds. */
@Tag("long")
class ChartToolsIT {
    private static final Path CHART = Path.of(System.getProperty("graft.root"), "helm");

    @Test
    void theChartsSuitesHoldAndNoToolFindsWhatIsNotExplained() throws Exception {
        assumeTrue(Stream.of(System.getenv("PATH").split(":")).anyMatch(folder -> Files.isExecutable(Path.of(folder, "go"))),
                "needs Go");
        Helm.tools(CHART, "helm", "helm-unittest", "kube-score");
        String said = Helm.succeeded(new ProcessBuilder(CHART.resolve("validate.sh").toString()).redirectErrorStream(true)
                .start(), "helm/validate.sh");
        System.out.println(said);
        assertTrue(said.contains("Test Suites:") && said.contains("kube-score has no finding left"), said);
    }

    /** So that a template without a suite is missed. */
    @Test
    void everyTemplateHasItsSuite() throws Exception {
        try (Stream<Path> templates = Files.walk(CHART.resolve("templates"))) {
            for (Path template : templates.filter(file -> file.toString().matches(".*\\.(yaml|txt)")).toList()) {
                String name = template.getFileName().toString().replaceAll("\\.(yaml|txt)$", "").toLowerCase();
                assertTrue(Files.exists(CHART.resolve("tests/" + name + "_test.yaml")), name);
            }
        }
    }
}
