package graft.adapters;

import static org.junit.jupiter.api.Assertions.assertEquals;

import graft.weights.AdapterTarget;
import graft.weights.ModelConfig;
import graft.weights.PeftAdapter;
import graft.weights.PeftAdapter.LoraModule;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdapterNormsTest {
    private static final Path RESOURCES = Path.of(System.getProperty("graft.root"), "server/src/test/resources");

    @Test
    void theNormIsThatOfTheProductWrittenOut() {
        AdapterTarget base = AdapterTarget.of(ModelConfig.read(RESOURCES.resolve("models/tiny-llama3")));
        PeftAdapter adapter = PeftAdapter.read(RESOURCES.resolve("adapters/l3-r16-all"), base,
                PeftAdapter.Limits.DEFAULT);
        List<AdapterNorms.Norm> norms = AdapterNorms.of(adapter);
        assertEquals(adapter.modules().size(), norms.size());
        for (int one = 0; one < norms.size(); one++) {
            LoraModule module = adapter.modules().get(one);
            assertEquals(module.path(), norms.get(one).path());
            double expected = product(module);
            assertEquals(expected, norms.get(one).norm(), 1e-9 * Math.max(1, expected), module.path());
        }
    }

    private static double product(LoraModule module) {
        float[] a = module.a().floats();
        float[] b = module.b().floats();
        double square = 0;
        for (int row = 0; row < module.out(); row++) {
            for (int column = 0; column < module.in(); column++) {
                double sum = 0;
                for (int at = 0; at < module.rank(); at++)
                    sum += (double) b[row * module.rank() + at] * a[at * module.in() + column];
                square += sum * sum;
            }
        }
        return module.scale() * Math.sqrt(square);
    }
}
