package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.tokens.HuggingFaceTokenizer;
import graft.weights.DemoModel;
import graft.weights.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TorchEmbedderIT {
    @Test
    void everyGoldenVectorIsMetAloneAndAmongOthers() throws IOException {
        JsonNode cases = new ObjectMapper().readTree(TestModels.folder("demo/minilm-golden.json").toFile()).get("cases");
        var folder = DemoModel.embedder();
        try (var embedder = TorchEmbedder.open("all-MiniLM-L6-v2", folder, "cpu", 256, 1024);
                var tokenizer = HuggingFaceTokenizer.of(Files.readString(folder.resolve("tokenizer.json")))) {
            List<int[]> texts = new ArrayList<>();
            for (JsonNode each : cases) texts.add(truncated(tokenizer.encode(each.get("text").asText(), true), 256));
            List<float[]> together = embedder.embed(texts);
            for (int i = 0; i < texts.size(); i++) {
                assertEquals(cases.get(i).get("tokens").asInt(), texts.get(i).length);
                float[] alone = embedder.embed(List.of(texts.get(i))).getFirst();
                assertEquals(1, cosine(cases.get(i).get("embedding"), together.get(i)), 1e-4);
                assertEquals(1, cosine(cases.get(i).get("embedding"), alone), 1e-4);
            }
            assertEquals(384, embedder.dimensions());
            assertThrows(IllegalArgumentException.class, () -> embedder.embed(List.of(new int[257])));
        }
    }

    /** As sentence-transformers does: the closing token stays. */
    private static int[] truncated(int[] ids, int window) {
        if (ids.length <= window) return ids;
        int[] kept = Arrays.copyOf(ids, window);
        kept[window - 1] = ids[ids.length - 1];
        return kept;
    }

    private static double cosine(JsonNode golden, float[] vector) {
        double dot = 0;
        double length = 0;
        for (int i = 0; i < vector.length; i++) {
            dot += golden.get(i).asDouble() * vector[i];
            length += vector[i] * vector[i];
        }
        assertTrue(Math.abs(length - 1) < 1e-5, "length " + length);
        return dot;
    }
}
