package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.engine.CrossEncoder;
import graft.weights.SentenceConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Tiny random BERTs made with transformers 5.23: a classifier over pairs, and an encoder with its first token. */
class TorchCrossEncoderIT {
    private static final Path RESOURCES = Path.of(System.getProperty("graft.root"), "server/src/test/resources");

    private static List<JsonNode> cases(Path folder) throws IOException {
        return StreamSupport.stream(new ObjectMapper().readTree(folder.resolve("golden.json").toFile()).get("cases")
                .spliterator(), false).toList();
    }

    private static int[] tokens(JsonNode one) {
        return IntStream.range(0, one.get("tokens").size()).map(i -> one.get("tokens").get(i).asInt()).toArray();
    }

    @Test
    void everyGoldenPairIsMetAloneAndAmongOthers() throws IOException {
        Path folder = RESOURCES.resolve("reranker");
        List<CrossEncoder.Pair> pairs = new ArrayList<>();
        for (JsonNode one : cases(folder)) pairs.add(new CrossEncoder.Pair(tokens(one), one.get("second").asInt()));
        try (TorchCrossEncoder encoder = TorchCrossEncoder.open(folder, "cpu", 512, 64)) {
            assertEquals(40, encoder.window());
            List<Double> together = encoder.score(pairs);
            for (int i = 0; i < pairs.size(); i++) {
                double golden = cases(folder).get(i).get("score").asDouble();
                assertEquals(golden, together.get(i), 1e-5);
                assertEquals(golden, encoder.score(List.of(pairs.get(i))).getFirst(), 1e-5);
            }
            assertThrows(IllegalArgumentException.class,
                    () -> encoder.score(List.of(new CrossEncoder.Pair(new int[41], 1))));
        }
    }

    @Test
    void anEncodersFolderSaysHowItPoolsHowFarItSeesAndWhatItWantsBeforeAText() throws IOException {
        Path folder = RESOURCES.resolve("embedder-cls");
        assertEquals(new SentenceConfig(true, Optional.of(24), "Represent this sentence: ", ""),
                SentenceConfig.read(folder));
        try (TorchEmbedder embedder = TorchEmbedder.open("tiny", folder, "cpu", 512, 64)) {
            assertEquals(24, embedder.window());
            List<JsonNode> cases = cases(folder);
            List<float[]> together = embedder.embed(cases.stream().map(TorchCrossEncoderIT::tokens).toList());
            for (int i = 0; i < cases.size(); i++) {
                double cosine = 0;
                for (int k = 0; k < 32; k++) cosine += cases.get(i).get("embedding").get(k).asDouble()
                        * together.get(i)[k];
                assertTrue(cosine > 0.99999, "cosine " + cosine);
            }
        }
    }
}
