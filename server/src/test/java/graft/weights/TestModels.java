package graft.weights;

import java.net.URISyntaxException;
import java.nio.file.Path;

/** The small models and adapters of the test resources. */
public final class TestModels {
    private TestModels() {}

    /** @param resource as {@code models/tiny-llama3} or {@code adapters/l3-r4-qv} */
    public static Path folder(String resource) {
        try {
            return Path.of(TestModels.class.getResource("/" + resource).toURI());
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(resource, impossible);
        }
    }
}
