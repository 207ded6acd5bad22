package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.engine.CrossEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/** A tiny random encoder of the test resources, with what transformers computed by it (python/make_encoders.py). */
record GoldenEncoder(Path folder, List<JsonNode> cases) {
    static GoldenEncoder of(String name) throws IOException {
        Path folder = Path.of(System.getProperty("graft.root"), "server/src/test/resources", name);
        return new GoldenEncoder(folder, StreamSupport.stream(new ObjectMapper().readTree(folder.resolve("golden.json")
                .toFile()).get("cases").spliterator(), false).toList());
    }

    List<int[]> texts() {
        return cases.stream().map(GoldenEncoder::tokens).toList();
    }

    static int[] tokens(JsonNode one) {
        return IntStream.range(0, one.get("tokens").size()).map(i -> one.get("tokens").get(i).asInt()).toArray();
    }

    float[] embedding(int index) {
        JsonNode wanted = cases.get(index).get("embedding");
        float[] golden = new float[wanted.size()];
        for (int k = 0; k < golden.length; k++) golden[k] = (float) wanted.get(k).asDouble();
        return golden;
    }

    /** Every pair's score, alone and among all. */
    void assertScoredBy(CrossEncoder encoder) {
        List<CrossEncoder.Pair> pairs = cases.stream()
                .map(one -> new CrossEncoder.Pair(tokens(one), one.get("second").asInt())).toList();
        List<Double> together = encoder.score(pairs);
        for (int i = 0; i < pairs.size(); i++) {
            double golden = cases.get(i).get("score").asDouble();
            assertEquals(golden, together.get(i), 1e-5);
            assertEquals(golden, encoder.score(List.of(pairs.get(i))).getFirst(), 1e-5);
        }
    }
}
