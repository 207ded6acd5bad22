package graft.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The demo's adapters are for the demo's base model, which is a GGUF file. */
class DemoAdaptersIT {
    @ParameterizedTest
    @CsvSource({"house-voice, 4, 60, 2.0", "triage, 8, 210, 2.0", "raft-reader, 16, 210, 4.0"})
    void everyDemoAdapterFitsTheBaseModel(String name, int rank, int modules, double scale) {
        try (ModelFiles base = ModelFiles.open(DemoModel.gguf(), ModelFiles.DEFAULT_HEADER_LIMIT)) {
            Path folder = Path.of(System.getProperty("graft.root"), "server/src/main/resources/demo/adapters", name);
            PeftAdapter adapter = PeftAdapter.read(folder, AdapterTarget.of(base.config()), PeftAdapter.Limits.DEFAULT);
            assertEquals(rank, adapter.rank());
            assertEquals(modules, adapter.modules().size());
            assertEquals(List.of(scale),
                    adapter.modules().stream().map(PeftAdapter.LoraModule::scale).distinct().toList());
            assertEquals(List.of(), adapter.warnings());
        }
    }
}
