package graft.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

class PlotTest {
    @Test
    void aPlotIsXmlWhateverTheNamesHold() throws Exception {
        String svg = Plot.bars("a & b", Map.of("x < y", new Measurement(new double[] {0.5, 2, 1000})),
                Map.of("x < y", Goal.atLeast(1)));
        assertEquals("svg", DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(
                new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8))).getDocumentElement().getTagName());
    }

    @Test
    void aGoalIsMetAtItsBound() {
        assertTrue(Goal.atLeast(0.9).met(0.9));
        assertTrue(Goal.atMost(0.05).met(0.05));
        assertTrue(!Goal.atMost(3).met(3.01));
    }

    @Test
    void thePercentileIsAValueThatWasMeasured() {
        double[] values = new double[200];
        for (int i = 0; i < values.length; i++) values[i] = i + 1;
        assertEquals(198, Scenarios.percentile(values, 0.99));
        assertEquals(5, Scenarios.percentile(new double[] {5}, 0.99));
    }
}
